//! A screen without a terminal, drawn and encoded as the program does it.

use crate::fixture::{news, now, numbered};
use lanewatch::plain::Plain;
use lanewatch::tui::encoder::Encoder;
use lanewatch::tui::model::Model;
use lanewatch::tui::symbols;
use lanewatch::tui::theme::Theme;
use lanewatch::tui::update::{Msg, update};
use lanewatch::tui::view::{Look, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::hint::black_box;

/// 120 columns by 40 rows.
pub(crate) struct Screen {
    pub(crate) model: Model,
    look: Look,
    encoder: Encoder,
    buffer: Buffer,
    bytes: Vec<u8>,
}

impl Screen {
    /// With so many lanes, and drawn once.
    pub(crate) fn new(lanes: u64) -> Self {
        let mut model = Model::new(now(), (120, 40), Plain::new("bench"), false);
        update(
            &mut model,
            now(),
            Msg::News(news((0..lanes).map(numbered).collect())),
        );
        let look = Look {
            theme: Theme::built_in("dark").unwrap(),
            symbols: symbols::UNICODE,
        };
        let mut screen = Self {
            model,
            look,
            encoder: Encoder::new(true),
            buffer: Buffer::empty(Rect::ZERO),
            bytes: Vec::new(),
        };
        screen.frame();
        screen
    }

    /// One frame, from the model to the bytes.
    pub(crate) fn frame(&mut self) {
        self.model.settle();
        self.buffer.resize(Rect::new(0, 0, 120, 40));
        self.buffer.reset();
        draw(&self.model, &self.look, &mut self.buffer);
        self.bytes.clear();
        self.encoder.encode(&mut self.buffer, &mut self.bytes);
        black_box(self.bytes.len());
    }
}
