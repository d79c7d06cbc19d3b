//! lanewatch knows before the agent does.
//!
//! A *lane* is one route (server, tool, tenant, account, side-effect class) and the one credential
//! that serves it. This crate watches lanes: it loads each credential from a managed store, proves
//! it before first use, counts down to its expiry, renews it in time, tells what an upstream's
//! rejection means, stops on revocation until a person looks, and keeps an audit of every step.
//!
//! The house, from the ground up. A room imports only from the floors below it:
//!
//! | floor | rooms |
//! |---|---|
//! | 0 | [`plain`] text from outside made safe, [`secret`] secrets and their fingerprints |
//! | 1 | [`lane`] the pure core: what a lane is and how it changes |
//! | 2 | [`provider`] what an upstream's answer means, [`manifest`] `lanes.toml` resolved |
//! | 3 | [`policy`] what many lanes may do together, [`http`] one exchange on the wire, [`store`] where secrets live, [`oauth`] the token endpoint, [`audit`] the journal, [`alert`] who gets told, [`sandbox`] local upstreams that fail on command |
//! | 4 | [`engine`] runs the lanes, [`simulate`] runs them in virtual time |
//! | 5 | [`tui`] the screen, [`cli`] the subcommands |
//!
//! A fact travels one way: an answer, a timer, a key press or a changed file becomes an
//! [`lane::Event`]; [`lane::Lane::on`] turns it into effects and records; the engine writes the
//! records to the audit, and only then performs the effects and publishes the change.

pub mod alert;
pub mod audit;
pub mod cli;
pub mod engine;
pub mod http;
pub mod lane;
pub mod manifest;
pub mod oauth;
pub mod plain;
pub mod policy;
pub mod provider;
pub mod sandbox;
pub mod secret;
pub mod simulate;
pub mod store;
pub mod tui;
