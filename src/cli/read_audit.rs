//! `lanewatch audit …`: from arguments to the functions of [`super::audit`].

use super::args::{AuditOf, AuditVerb, Select};
use super::audit::{self, ExportForm, Failed, Form};
use super::engine_thread::{current_thread, demo_folder};
use super::failure::{Failure, Kind};
use super::load;
use crate::audit::{Filter, Head};
use crate::engine::{StateFolder, clock};
use crate::plain::Plain;
use std::io::Write;
use std::path::PathBuf;

pub(super) fn run(verb: AuditVerb, out: &mut impl Write) -> Result<u8, Failure> {
    let form = |json| if json { Form::Json } else { Form::Text };
    let came_of_it = match verb {
        AuditVerb::Tail {
            of,
            n,
            follow: false,
            json,
        } => audit::tail(out, &folder(&of)?, n, form(json)),
        AuditVerb::Tail {
            of,
            n,
            follow: true,
            json,
        } => {
            let folder = folder(&of)?;
            let stop = async {
                // Without signals it goes on until the output is closed.
                if super::signals::told_to_stop().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            current_thread()?.block_on(audit::follow(out, &folder, n, form(json), stop))
        }
        AuditVerb::Verify {
            of,
            expect_head,
            json,
        } => audit::prove(out, &folder(&of)?, head(expect_head)?, form(json)),
        AuditVerb::Receipts { of, lane, json } => {
            super::receipts::print(out, &folder(&of)?, lane.as_deref(), form(json))
        }
        AuditVerb::Query {
            of,
            select,
            n,
            json,
        } => audit::ask(out, &folder(&of)?, &filter(select)?, n, form(json)),
        AuditVerb::Export { of, select, csv } => {
            let form = if csv {
                ExportForm::Csv
            } else {
                ExportForm::Jsonl
            };
            audit::export(out, &folder(&of)?, &filter(select)?, form)
        }
    };
    let code = audit::exit_code(&came_of_it);
    match came_of_it {
        Ok(_) => Ok(code),
        Err(Failed::Output(error)) => Err(Failure::output(error)),
        Err(failed @ Failed::Audit(_)) => {
            let kind = if code == Kind::Audit.code() {
                Kind::Audit
            } else {
                Kind::Unreachable
            };
            Err(Failure::new(kind, failed))
        }
    }
}

/// The folder with the journal.
fn folder(of: &AuditOf) -> Result<PathBuf, Failure> {
    if let Some(folder) = &of.folder {
        return Ok(folder.clone());
    }
    let state = if of.demo {
        demo_folder()?
    } else {
        StateFolder::of_manifest(&load::manifest_path(of.manifest.as_deref())?)?
    };
    Ok(state.audit())
}

fn head(text: Option<String>) -> Result<Option<Head>, Failure> {
    let wrong = |_| {
        Failure::new(
            Kind::Usage,
            "a head is SEQ:HASH, as `audit verify` prints it",
        )
    };
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

fn filter(select: Select) -> Result<Filter, Failure> {
    let usage = |text: String| Failure::new(Kind::Usage, text);
    let now = clock::now().wall;
    let moment = |text: Option<String>| {
        text.map(|text| audit::moment(&text, now))
            .transpose()
            .map_err(usage)
    };
    Ok(Filter {
        lane: select.lane.map(|name| Plain::new(&name)),
        kind: select
            .kind
            .map(|name| audit::kind(&name))
            .transpose()
            .map_err(usage)?,
        outcome: select
            .outcome
            .map(|name| audit::outcome(&name))
            .transpose()
            .map_err(usage)?,
        since: moment(select.since)?,
        until: moment(select.until)?,
        ..Filter::default()
    })
}
