//! Places, from TOML: where a rule or a pack finds scopes, waits, codes and moments.

use super::moment::Form;
use super::parse_rule::{KINDS, lower, one_of, pointer};
use super::place::{Place, Spot};
use super::reader::{Reader, Table};

/// Reads a list of places. `form` is how moments there are written unless a place says otherwise.
pub(super) fn places(
    reader: &mut Reader<'_>,
    table: &Table<'_, '_>,
    key: &str,
    form: Form,
) -> Vec<Place> {
    const SPOTS: [&str; 10] = [
        "header",
        "json",
        "form",
        "xml",
        "challenge",
        "after",
        "before",
        "begins",
        "fixed",
        "jwt",
    ];
    let mut found = Vec::new();
    for part in table.tables(reader, key) {
        part.only(
            reader,
            &[
                "header",
                "json",
                "form",
                "xml",
                "challenge",
                "after",
                "before",
                "begins",
                "fixed",
                "jwt",
                "format",
                "kind",
                "first",
            ],
        );
        let given = SPOTS.iter().filter(|spot| part.get(spot).is_some()).count();
        if given != 1 {
            reader.mistake(
                &part.span,
                "a place is one spot",
                format!("one of {}", SPOTS.join(", ")),
            );
            continue;
        }
        let form = match part.text(reader, "format") {
            Some(word) => one_of(reader, &word, &Form::NAMES).unwrap_or(form),
            None => form,
        };
        let words = part.texts(reader, "kind").unwrap_or_default();
        let kinds = words
            .iter()
            .filter_map(|word| one_of(reader, word, &KINDS))
            .collect();
        let first = part.flag(reader, "first").unwrap_or(false);
        let word = |reader: &mut Reader<'_>, key: &str| Some(part.text(reader, key)?.0);
        let spot = if let Some(pointed) = part.text(reader, "json") {
            pointer(reader, &pointed).map(Spot::Json)
        } else if part.get("after").is_some() {
            part.texts(reader, "after")
                .map(|words| Spot::After(lower(words)))
        } else if part.get("before").is_some() {
            part.texts(reader, "before")
                .map(|words| Spot::Before(lower(words)))
        } else if part.get("fixed").is_some() {
            let words = part.texts(reader, "fixed");
            words
                .and_then(|words| words.into_iter().next())
                .map(|(text, _)| Spot::Fixed(text))
        } else {
            word(reader, "header")
                .map(Spot::Header)
                .or_else(|| word(reader, "form").map(Spot::Form))
                .or_else(|| word(reader, "xml").map(Spot::Xml))
                .or_else(|| word(reader, "challenge").map(Spot::Challenge))
                .or_else(|| word(reader, "begins").map(Spot::Begins))
                .or_else(|| word(reader, "jwt").map(Spot::Jwt))
        };
        found.extend(spot.map(|spot| Place {
            spot,
            form,
            kinds,
            first,
        }));
    }
    found
}
