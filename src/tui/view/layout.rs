//! Which pane gets which rows.

use crate::tui::model::{Model, Pane};
use ratatui::layout::Rect;

/// Columns and rows below which only a request for more is shown.
pub(super) const SMALLEST: (u16, u16) = (40, 8);

/// The places of everything on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// Whether there is no room for anything.
    pub too_small: bool,
    /// The first line.
    pub header: Rect,
    /// Troubles of the engine itself, one a line.
    pub banners: Rect,
    /// What a tour says and the stopwatch of a drill, above the footer.
    pub strip: Rect,
    /// The last line.
    pub footer: Rect,
    lanes: Option<Rect>,
    detail: Option<Rect>,
    audit: Option<Rect>,
}

impl Layout {
    /// For the model's size and state.
    pub fn of(model: &Model) -> Self {
        let (width, height) = model.size;
        if width < SMALLEST.0 || height < SMALLEST.1 {
            return Self {
                too_small: true,
                ..Self::default()
            };
        }
        let row = |y, rows| Rect::new(0, y, width, rows);
        let banners = super::header::troubles(model).min(height - SMALLEST.1 + 2);
        let top = 1 + banners;
        let body = height - top - 1;
        let strip = super::stopwatch::rows(model).min(body.saturating_sub(6));
        let body = body - strip;
        let mut layout = Self {
            header: row(0, 1),
            banners: row(1, banners),
            strip: row(height - 1 - strip, strip),
            footer: row(height - 1, 1),
            ..Self::default()
        };
        match model.zoom {
            Some(Pane::Lanes) => layout.lanes = Some(row(top, body)),
            Some(Pane::Detail) => layout.detail = Some(row(top, body)),
            Some(Pane::Audit) => layout.audit = Some(row(top, body)),
            None => layout.share(top, body, width, model.lanes.rows()),
        }
        layout
    }

    /// Three panes on top of each other. The lanes get about half and no more than they need, the
    /// audit a fifth, and the selected lane the rest.
    fn share(&mut self, top: u16, body: u16, width: u16, lanes: usize) {
        let row = |y, rows| Rect::new(0, y, width, rows);
        let audit = if body < 14 { 0 } else { (body / 5).clamp(3, 9) };
        let detail = match body {
            ..8 => 0,
            8..14 => 4,
            14..18 => 5,
            _ => (body * 3 / 10).clamp(6, 16),
        };
        let needed = u16::try_from(lanes)
            .unwrap_or(u16::MAX)
            .saturating_add(1)
            .max(4);
        let lanes = (body - audit - detail).min(needed);
        // What the lanes do not need goes to the other two.
        let spare = body - audit - detail - lanes;
        let audit = if audit == 0 { 0 } else { audit + spare / 2 };
        let detail = if detail == 0 { 0 } else { body - audit - lanes };
        let lanes = body - audit - detail;
        self.lanes = Some(row(top, lanes));
        self.detail = (detail > 0).then(|| row(top + lanes, detail));
        self.audit = (audit > 0).then(|| row(top + lanes + detail, audit));
    }

    /// Where a pane is, if it is anywhere.
    pub const fn pane(&self, pane: Pane) -> Option<Rect> {
        match pane {
            Pane::Lanes => self.lanes,
            Pane::Detail => self.detail,
            Pane::Audit => self.audit,
        }
    }

    /// Whether a pane is on the screen.
    pub const fn shows(&self, pane: Pane) -> bool {
        self.pane(pane).is_some()
    }

    /// The pane that the keys would go to from here, onwards or back.
    pub fn beside(&self, model: &Model, forward: bool) -> Option<Pane> {
        const ROUND: [Pane; 3] = [Pane::Lanes, Pane::Detail, Pane::Audit];
        let current = model.zoom.unwrap_or(model.focus);
        let at = ROUND.iter().position(|pane| *pane == current).unwrap_or(0);
        let step = if forward { 1 } else { ROUND.len() - 1 };
        let mut turns = (1..=ROUND.len()).filter_map(|turn| ROUND.get((at + turn * step) % 3));
        turns
            .find(|pane| model.zoom.is_some() || self.shows(**pane))
            .copied()
    }

    fn below_title(&self, pane: Pane) -> u16 {
        self.pane(pane)
            .map_or(0, |area| area.height.saturating_sub(1))
    }

    /// How many lanes fit.
    pub fn lane_rows(&self) -> u16 {
        self.below_title(Pane::Lanes)
    }

    /// How many lines of the selected lane fit.
    pub fn detail_rows(&self) -> u16 {
        self.below_title(Pane::Detail)
    }

    /// How many records fit.
    pub fn audit_rows(&self) -> u16 {
        self.below_title(Pane::Audit)
    }
}
