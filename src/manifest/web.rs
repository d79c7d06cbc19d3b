//! Addresses, targets and files, `sandbox://` included.

use super::mistake::{nearest, one_of};
use super::reader::Reader;
use super::section::Text;
use std::borrow::Cow;
use std::path::PathBuf;
use url::{Host, Url};

const SANDBOX: &str = "sandbox://";
/// The longest an address or a path gets, in bytes.
pub(super) const ADDRESS_MAX: usize = 4_096;

/// Whether this is an address of the sandbox.
pub(super) fn is_sandbox(text: &str) -> bool {
    text.starts_with(SANDBOX)
}

/// `text` with a sandbox address replaced by what is bound to it.
pub(super) fn resolve<'t>(text: Text<'t>, read: &mut Reader<'_>) -> Option<Cow<'t, str>> {
    let Some(rest) = text.value.strip_prefix(SANDBOX) else {
        return Some(Cow::Borrowed(text.value));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let bindings = &read.around.bindings.0;
    if let Some(to) = bindings.get(name) {
        let to = if tail.starts_with('/') {
            to.trim_end_matches('/')
        } else {
            to
        };
        return Some(Cow::Owned(format!("{to}{tail}")));
    }
    let what = format!("“{SANDBOX}{}” leads nowhere", super::section::shorten(name));
    let names = || bindings.keys().map(String::as_str);
    let hint = if bindings.is_empty() {
        "write a real address: only `lanewatch demo` and `lanewatch sandbox` know sandbox \
         addresses"
            .to_owned()
    } else if let Some(near) = nearest(name, names()) {
        format!("write {SANDBOX}{near}")
    } else {
        format!("the sandbox has {}", one_of(names()))
    };
    read.book.at(text.at, what, hint);
    None
}

/// A web address. The value is never quoted: some addresses are secrets.
pub(super) fn address(text: Text<'_>, key: &str, read: &mut Reader<'_>) -> Option<Url> {
    let resolved = resolve(text, read)?;
    let shown = |c: char| !c.is_control() && !c.is_whitespace() && c != '\\';
    let url = (resolved.len() <= ADDRESS_MAX && resolved.chars().all(shown))
        .then(|| read.url(&resolved))
        .flatten()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        let what = format!("`{key}` is not a web address");
        read.book.at(text.at, what, "write https://host/path");
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        let what = format!("`{key}` carries a user name or password");
        let hint = "leave out what stands before the @: secrets belong into a store";
        read.book.at(text.at, what, hint);
        return None;
    }
    Some(url)
}

/// A web address to which other things are added: no query, no fragment.
pub(super) fn base(text: Text<'_>, key: &str, read: &mut Reader<'_>) -> Option<Url> {
    let url = address(text, key, read)?;
    if url.query().is_some() || url.fragment().is_some() {
        let what = format!("`{key}` has a query or a fragment");
        read.book
            .at(text.at, what, "leave out the ? or # and what follows");
        return None;
    }
    Some(url)
}

/// A web address that secrets travel to: https, or this very machine.
pub(super) fn confidential(text: Text<'_>, key: &str, read: &mut Reader<'_>) -> Option<Url> {
    encrypted(text, key, read, base)
}

fn encrypted(
    text: Text<'_>,
    key: &str,
    read: &mut Reader<'_>,
    as_what: impl FnOnce(Text<'_>, &str, &mut Reader<'_>) -> Option<Url>,
) -> Option<Url> {
    let url = as_what(text, key, read)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let what = format!("`{key}` is http to another machine: credentials would travel in clear");
        read.book.at(text.at, what, "write https://");
        return None;
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

/// What a request asks for: a path and query below the lane's address, or a whole address.
pub(super) fn target(text: Text<'_>, read: &mut Reader<'_>) -> Option<String> {
    if !text.value.starts_with('/') {
        if text.value.contains("://") {
            return encrypted(text, "target", read, address).map(String::from);
        }
        let hint = "begin with a slash: \"/user\"; or write a whole https:// address";
        read.book
            .at(text.at, "`target` is neither a path nor an address", hint);
        return None;
    }
    // A second slash, or a backslash that URL parsers take for one, would lead to another host.
    let strays = text.value.starts_with("//") || text.value.contains('\\');
    let hidden = |c: char| c.is_control() || c.is_whitespace();
    if strays || text.value.contains(hidden) || text.value.len() > ADDRESS_MAX {
        let hint = "write one slash and then the path: \"/user\"; escape spaces as %20";
        read.book.at(text.at, "`target` is not a path", hint);
        return None;
    }
    Some(text.value.to_owned())
}

/// A file or folder; relative ones start from the manifest's folder.
pub(super) fn file(text: Text<'_>, key: &str, read: &mut Reader<'_>) -> Option<PathBuf> {
    let resolved = resolve(text, read)?;
    if resolved.is_empty() || resolved.len() > ADDRESS_MAX || resolved.contains('\0') {
        let what = format!("`{key}` is not a path");
        read.book.at(
            text.at,
            what,
            "write a path; relative ones start from the manifest's folder",
        );
        return None;
    }
    Some(read.folder.join(&*resolved))
}

/// A program and its arguments; a relative path to a program starts from the manifest's folder, a
/// bare name is looked up in `PATH`.
pub(super) fn argv(
    texts: &[Text<'_>],
    key: &str,
    at: usize,
    read: &mut Reader<'_>,
) -> Option<Vec<String>> {
    let hint = format!("write {key} = [\"program\", \"argument\"]");
    if texts.first().is_none_or(|program| program.value.is_empty()) {
        read.book.at(at, format!("`{key}` names no program"), hint);
        return None;
    }
    if let Some(bad) = texts.iter().find(|text| text.value.contains('\0')) {
        read.book.at(
            bad.at,
            format!("an item of `{key}` has a NUL character"),
            hint,
        );
        return None;
    }
    let mut argv: Vec<String> = texts.iter().map(|text| text.value.to_owned()).collect();
    if let Some(program) = argv.first_mut()
        && program.contains('/')
        && let Some(joined) = read.folder.join(&*program).to_str()
    {
        *program = joined.to_owned();
    }
    Some(argv)
}
