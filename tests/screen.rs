//! The screen, driven by keys and news as the loop drives it, and looked at cell by cell.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "screen/bytes.rs"]
mod bytes;
#[path = "screen/columns.rs"]
mod columns;
#[path = "screen/drills.rs"]
mod drills;
#[path = "screen/fit.rs"]
mod fit;
#[path = "screen/fixture.rs"]
mod fixture;
#[path = "screen/groups.rs"]
mod groups;
#[path = "screen/keys.rs"]
mod keys;
#[path = "screen/mouse.rs"]
mod mouse;
#[path = "screen/orders.rs"]
mod orders;
#[path = "screen/palette.rs"]
mod palette;
#[path = "screen/pictures.rs"]
mod pictures;
#[path = "screen/privacy.rs"]
mod privacy;
#[path = "screen/properties.rs"]
mod properties;
#[path = "screen/tables.rs"]
mod tables;
#[path = "screen/terminal.rs"]
mod terminal;
#[path = "screen/trail.rs"]
mod trail;
#[path = "screen/words.rs"]
mod words;

use fixture::now;
use lanewatch::engine::{LaneView, Update};
use lanewatch::lane::Now;
use lanewatch::plain::Plain;
use lanewatch::tui::key::Key;
use lanewatch::tui::model::Model;
use lanewatch::tui::symbols;
use lanewatch::tui::theme::Theme;
use lanewatch::tui::update::{Effect, Msg, update};
use lanewatch::tui::view::{Look, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A screen without a terminal.
pub(crate) struct Desk {
    pub(crate) model: Model,
    pub(crate) look: Look,
    pub(crate) now: Now,
}

impl Desk {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        Self {
            model: Model::new(now(), (width, height), Plain::new("maria"), false),
            look: Look {
                theme: Theme::built_in("dark").unwrap(),
                symbols: symbols::UNICODE,
            },
            now: now(),
        }
    }

    pub(crate) fn with(width: u16, height: u16, lanes: Vec<LaneView>) -> Self {
        let mut desk = Self::new(width, height);
        desk.learn(fixture::news(lanes));
        desk
    }

    pub(crate) fn learn(&mut self, news: Update) {
        self.tell(Msg::News(news));
        self.model.settle();
    }

    pub(crate) fn tell(&mut self, msg: Msg) -> Option<Effect> {
        update(&mut self.model, self.now, msg)
    }

    /// Presses keys by name, one after the other; answers the last effect.
    pub(crate) fn press(&mut self, names: &str) -> Option<Effect> {
        let mut effect = None;
        for name in names.split_whitespace() {
            effect = self.tell(Msg::Key(name.parse::<Key>().unwrap()));
        }
        effect
    }

    /// Types text, space included.
    pub(crate) fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            self.tell(Msg::Key(Key::char(c)));
        }
    }

    pub(crate) fn paint(&mut self) -> Buffer {
        self.model.settle();
        let (width, height) = self.model.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        draw(&self.model, &self.look, &mut buffer);
        buffer
    }

    /// The screen as text.
    pub(crate) fn text(&mut self) -> String {
        text(&self.paint())
    }

    pub(crate) fn selected(&self) -> String {
        self.model
            .selection()
            .map_or_else(String::new, |lane| lane.info.name.to_string())
    }
}

/// Rows as text. The second cell of a wide character is part of the first.
pub(crate) fn text(buffer: &Buffer) -> String {
    use unicode_width::UnicodeWidthStr;
    let mut all = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width().max(1)).unwrap();
        }
        all.push_str(line.trim_end());
        all.push('\n');
    }
    all
}
