//! `lanewatch providers`: which packs there are, what one knows, and whether its own tests pass.

use crate::provider::{Catalog, Pack};
use std::io::{self, Write};

/// Lists all packs.
///
/// # Errors
/// When the output cannot be written.
pub fn list(catalog: &Catalog, out: &mut impl Write) -> io::Result<()> {
    let width = catalog.names().map(str::len).max().unwrap_or(0);
    for pack in catalog.packs() {
        let also = match pack.aliases() {
            [] => String::new(),
            aliases => format!("  (also {})", aliases.join(", ")),
        };
        let (name, title, rules) = (pack.name(), pack.title(), pack.rule_count());
        writeln!(out, "{name:<width$}  {title}, {rules} rules{also}")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "Every pack falls through to {} rules of the standards; `http` judges any other provider by them alone.",
        catalog.standards().rule_count()
    )
}

/// Shows what one pack knows; `false` if there is none of that name.
///
/// # Errors
/// When the output cannot be written.
pub fn show(catalog: &Catalog, name: &str, out: &mut impl Write) -> io::Result<bool> {
    let Some(pack) = catalog.get(name) else {
        writeln!(
            out,
            "No pack is called `{name}`: it would be judged by the standards alone."
        )?;
        return Ok(false);
    };
    writeln!(out, "{} ({})", pack.title(), pack.name())?;
    let mut fact = |name: &str, value: String| writeln!(out, "  {name:<11} {value}");
    if !pack.aliases().is_empty() {
        fact("also", pack.aliases().join(", "))?;
    }
    fact(
        "address",
        pack.base_url().unwrap_or("given by the lane").to_owned(),
    )?;
    for (name, format) in pack.presentation() {
        fact("presents", format!("{name}: {format}"))?;
    }
    for (name, value) in pack.extra_headers() {
        fact("sends", format!("{name}: {value}"))?;
    }
    let probe = pack.probe();
    let probe = probe.map(|probe| format!("{} {}", probe.method, probe.target));
    fact(
        "probe",
        probe.unwrap_or_else(|| "given by the lane".to_owned()),
    )?;
    if let Some((request, _)) = pack.verify() {
        let asked = format!(
            "{} {}, where the probe names no cause",
            request.method, request.target
        );
        fact("verify", asked)?;
    }
    let control = match pack.control() {
        Some(_) => "pre-flight shows the probe an invented credential, which it must reject",
        None => "only where the lane asks for it: probe = { control = true }",
    };
    fact("control", control.to_owned())?;
    fact("expiry", pack.expiry_places())?;
    fact("scopes", pack.scope_places())?;
    fact("refresh", refresh(pack).to_owned())?;
    if pack.refresh_tells_apart() {
        let text = "a refresh tells an expired token from a dead grant";
        fact("", text.to_owned())?;
    }
    if let Some(overlap) = pack.overlap() {
        fact("overlap", overlap.as_str().to_owned())?;
    }
    if let Some(url) = pack.rotate_url() {
        fact("rotate at", url.to_owned())?;
    }
    fact(
        "rules",
        format!("{}, with {} tests", pack.rule_count(), pack.test_count()),
    )?;
    Ok(true)
}

fn refresh(pack: &Pack) -> &'static str {
    match (pack.single_use_refresh(), pack.forgives_retry()) {
        (true, true) => "a refresh token is used once; a lost answer may be asked for again",
        (true, false) => "a refresh token is used once; a lost answer may have used it up",
        (false, _) => "a refresh token is used again and again",
    }
}

/// Runs the packs' own tests; answers how many failed.
///
/// # Errors
/// When the output cannot be written.
pub fn test(catalog: &Catalog, out: &mut impl Write) -> io::Result<usize> {
    let mut ran = 0;
    let mut failed = 0;
    for pack in catalog.packs().chain([catalog.standards()]) {
        ran += pack.test_count();
        for failure in pack.run_tests() {
            failed += 1;
            writeln!(out, "{}: {}: {}", pack.name(), failure.case, failure.why)?;
        }
        for rule in pack.untested_rules() {
            writeln!(out, "{}: rule `{rule}` has no test of its own", pack.name())?;
        }
    }
    writeln!(out, "{ran} tests, {failed} failed")?;
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_pack_is_listed_and_can_be_shown() {
        let catalog = Catalog::builtin();
        let listed = text(|out| list(&catalog, out).unwrap());
        for name in catalog.names() {
            assert!(listed.contains(name), "{name} in {listed}");
            let shown = text(|out| assert!(show(&catalog, name, out).unwrap()));
            assert!(shown.contains("refresh"), "{shown}");
        }
        let none = text(|out| assert!(!show(&catalog, "nobody", out).unwrap()));
        assert!(none.contains("standards alone"), "{none}");
    }

    #[test]
    fn a_failing_test_of_a_users_pack_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let pack = "name = \"mine\"\n[present]\nx = \"{secret}\"\n[[test]]\ncase = \"no\"\nrule = \"standards/accepted\"\noutcome = \"ok\"\nstatus = 401\n";
        std::fs::write(dir.path().join("mine.toml"), pack).unwrap();
        let catalog = Catalog::builtin().with_folder(dir.path()).unwrap();
        let told = text(|out| assert_eq!(test(&catalog, out).unwrap(), 1));
        assert!(
            told.contains("mine: no: outcome: wanted ok, found credential_invalid"),
            "{told}"
        );
    }
}
