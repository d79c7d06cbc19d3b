//! How wide the longest texts are.

use crate::engine::LaneView;
use unicode_width::UnicodeWidthStr;

/// How wide the longest texts are, so that columns do not jump while rows scroll.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Widths {
    /// The longest name.
    pub lane: u16,
    /// The longest `server › tool`.
    pub route: u16,
    /// The longest tool.
    pub tool: u16,
    /// The longest owner.
    pub owner: u16,
    /// The longest provider.
    pub provider: u16,
    /// The longest name of a store.
    pub store: u16,
}

impl Widths {
    pub(super) fn fit(&mut self, lane: &LaneView) {
        let width = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
        let info = &lane.info;
        self.lane = self.lane.max(width(info.name.as_str()));
        let route = &info.route;
        let tool = route.tool.as_ref().map_or(3, |tool| width(tool.as_str()));
        self.tool = self.tool.max(tool);
        let both = width(route.server.as_str())
            .saturating_add(tool)
            .saturating_add(3);
        self.route = self.route.max(both);
        let owner = info.owner.as_ref().map_or(1, |owner| width(owner.as_str()));
        self.owner = self.owner.max(owner);
        self.provider = self.provider.max(width(info.provider.as_str()));
        self.store = self.store.max(width(info.store.as_str()));
    }
}
