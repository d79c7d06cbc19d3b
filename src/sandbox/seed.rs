//! The accounts that the sandbox begins with: one for every secret of `sample-lanes/demo.toml`.
//!
//! The table is the counterpart of that manifest, and a test keeps the two in step: every lane's
//! path is here, and every path here is a lane's. Lives are short, so that a lane refreshes, a key
//! is replaced and another runs out within the first minutes without anybody touching anything.

use crate::lane::Wall;
use std::time::Duration;

/// Which provider an account is at, and so how it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Face {
    Github,
    Slack,
    Stripe,
    Gitlab,
    /// The sandbox's own API, behind its own token endpoint.
    Oauth,
}

impl Face {
    pub(super) const ALL: [Self; 5] = [
        Self::Github,
        Self::Slack,
        Self::Stripe,
        Self::Gitlab,
        Self::Oauth,
    ];

    /// The name of its address.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Slack => "slack",
            Self::Stripe => "stripe",
            Self::Gitlab => "gitlab",
            Self::Oauth => "oauth",
        }
    }

    /// The provider pack that reads its answers.
    pub(super) const fn provider(self) -> &'static str {
        match self {
            Self::Oauth => "oauth-generic",
            other => other.name(),
        }
    }

    /// How long before the end an expire drill makes the end known. GitHub calls a dead token the
    /// same whatever it died of; only a header on a good answer can have told that it would end,
    /// so there has to be time for one.
    pub(super) const fn notice(self) -> Duration {
        match self {
            Self::Github => Duration::from_secs(12),
            _ => Duration::ZERO,
        }
    }

    /// The moment at which a key that was to end at `at` really ends here: GitLab's end with a day,
    /// the others' with a second.
    pub(super) const fn end(self, at: Wall) -> Wall {
        let step = match self {
            Self::Gitlab => 86_400_000,
            _ => 1_000,
        };
        Wall(at.0 - at.0.rem_euclid(step))
    }
}

/// How an account's credential comes about and goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Plan {
    /// A key that is put into the vault.
    Key {
        /// How long one lives; `None` means without end.
        life: Option<Duration>,
        /// Who replaces it.
        owner: Owner,
    },
    /// An OAuth grant whose refresh token is put into the vault.
    Grant {
        client_id: &'static str,
        /// How long an access token lives.
        life: Duration,
    },
}

/// Who brings a new key, unasked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// Nobody; only a heal does.
    Nobody,
    /// Somebody who puts a new one into the vault this often, before the old one ends.
    Reissues { every: Duration },
    /// Somebody who notices that it has ended, this long afterwards.
    Returns { after: Duration },
}

/// A rate limit that comes and goes by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Spell {
    /// When it first comes, after the start.
    pub(super) first: Duration,
    /// How long until it comes again.
    pub(super) every: Duration,
    /// How long it lasts.
    pub(super) lasts: Duration,
}

/// One account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed {
    /// Where in the vault its credential lies: more than one path where lanes share it.
    pub(super) paths: &'static [&'static str],
    pub(super) face: Face,
    pub(super) plan: Plan,
    /// What it is granted.
    pub(super) scopes: &'static [&'static str],
    /// The scope that a narrow drill takes.
    pub(super) narrow: &'static str,
    /// The scope that a widen drill gives.
    pub(super) widen: &'static str,
    pub(super) spell: Option<Spell>,
}

impl Seed {
    /// What the account is known by: its first path.
    pub(super) fn id(&self) -> &'static str {
        self.paths.first().copied().unwrap_or_default()
    }
}

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 86_400)
}

const FOREVER: Plan = Plan::Key {
    life: None,
    owner: Owner::Nobody,
};

/// Every account.
pub(super) const SEEDS: &[Seed] = &[
    Seed {
        paths: &["lanes/crm-sync"],
        face: Face::Oauth,
        plan: Plan::Grant {
            client_id: "lanewatch-crm",
            life: secs(30),
        },
        scopes: &["contacts:read", "contacts:write"],
        narrow: "contacts:read",
        widen: "payments:write",
        spell: None,
    },
    Seed {
        paths: &["lanes/support-inbox"],
        face: Face::Oauth,
        plan: Plan::Grant {
            client_id: "lanewatch-support",
            life: secs(90),
        },
        scopes: &["tickets:read", "tickets:write"],
        narrow: "tickets:read",
        widen: "contacts:write",
        spell: None,
    },
    Seed {
        paths: &["lanes/calendar-invites"],
        face: Face::Oauth,
        plan: Plan::Grant {
            client_id: "lanewatch-calendar",
            life: secs(600),
        },
        scopes: &["calendar:read", "calendar:write"],
        narrow: "calendar:read",
        widen: "contacts:read",
        spell: None,
    },
    Seed {
        paths: &["lanes/github-issues"],
        face: Face::Github,
        plan: Plan::Key {
            life: Some(secs(120)),
            owner: Owner::Returns { after: secs(40) },
        },
        scopes: &["repo", "read:org"],
        narrow: "repo",
        widen: "admin:org",
        spell: None,
    },
    Seed {
        paths: &["lanes/github-releases"],
        face: Face::Github,
        plan: Plan::Key {
            life: Some(secs(300)),
            owner: Owner::Reissues { every: secs(240) },
        },
        scopes: &["repo"],
        narrow: "repo",
        widen: "delete_repo",
        spell: None,
    },
    Seed {
        paths: &["lanes/github-audit"],
        face: Face::Github,
        plan: FOREVER,
        // The lane also needs read:audit_log: it shows what a scope denial looks like.
        scopes: &["repo", "read:org"],
        narrow: "read:org",
        widen: "admin:org",
        spell: None,
    },
    Seed {
        paths: &["lanes/billing-refunds", "lanes/billing-read"],
        face: Face::Stripe,
        plan: FOREVER,
        scopes: &["rak_balance_read", "rak_charge_read", "rak_charge_write"],
        narrow: "rak_balance_read",
        widen: "rak_payout_write",
        spell: None,
    },
    Seed {
        paths: &["lanes/deploy-notices"],
        face: Face::Slack,
        plan: FOREVER,
        scopes: &["chat:write", "channels:read"],
        narrow: "chat:write",
        widen: "admin",
        spell: None,
    },
    Seed {
        paths: &["lanes/incident-room"],
        face: Face::Slack,
        plan: Plan::Key {
            life: Some(secs(75)),
            owner: Owner::Reissues { every: secs(60) },
        },
        scopes: &["channels:history", "channels:read", "chat:write"],
        narrow: "channels:history",
        widen: "admin",
        spell: None,
    },
    Seed {
        paths: &["lanes/gitlab-mirror"],
        face: Face::Gitlab,
        plan: Plan::Key {
            life: Some(days(180)),
            owner: Owner::Nobody,
        },
        scopes: &["read_api", "read_repository"],
        narrow: "read_api",
        widen: "api",
        spell: None,
    },
    Seed {
        paths: &["lanes/gitlab-pipelines"],
        face: Face::Gitlab,
        plan: Plan::Key {
            life: Some(days(90)),
            owner: Owner::Nobody,
        },
        scopes: &["api"],
        narrow: "api",
        widen: "sudo",
        spell: Some(Spell {
            first: secs(40),
            every: secs(90),
            lasts: secs(20),
        }),
    },
];
