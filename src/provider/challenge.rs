//! `WWW-Authenticate`, taken apart by RFC 9110 section 11.6.1.
//!
//! One header line may hold several challenges, and a quoted realm may hold commas and escaped
//! quotes, so the header is parsed, never searched. Real servers also write `Bearer, error="…"` and
//! `null Bearer realm="…"`; both are read as what they mean.

/// The most parameters that are kept of all challenges of an answer.
const PARAMS_MAX: usize = 64;

/// One challenge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Challenge {
    /// The scheme, lower-case.
    pub(super) scheme: String,
    /// Names, lower-case, and unquoted values.
    pub(super) params: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// All challenges of the given header lines, in order.
pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut params = 0;
    for line in lines {
        let mut rest = line;
        loop {
            rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            let Some(first) = rest.chars().next() else {
                break;
            };
            let (token, after) = take_token(rest);
            if token.is_empty() {
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
            if let Some(value) = after.trim_start().strip_prefix('=') {
                let (value, after) = take_value(value.trim_start());
                rest = after;
                params += 1;
                if params > PARAMS_MAX {
                    return found;
                }
                if found.is_empty() {
                    found.push(Challenge {
                        scheme: String::new(),
                        params: Vec::new(),
                    });
                }
                if let Some(last) = found.last_mut() {
                    last.params.push((token.to_ascii_lowercase(), value));
                }
            } else {
                rest = after;
                if found.len() >= PARAMS_MAX {
                    return found;
                }
                found.push(Challenge {
                    scheme: token.to_ascii_lowercase(),
                    params: Vec::new(),
                });
            }
        }
    }
    found
}

fn take_token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/:".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text
            .find(|c: char| c == ',' || c.is_whitespace())
            .unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Vec<Challenge> {
        parse(std::iter::once(line))
    }

    #[test]
    fn commas_and_quotes_inside_a_quoted_string_end_nothing() {
        let found = one(
            r#"Newauth realm="apps", type=1, title="Login to \"apps\", please", Basic realm="simple", Bearer error="invalid_token""#,
        );
        let schemes: Vec<_> = found.iter().map(|c| c.scheme.as_str()).collect();
        assert_eq!(schemes, ["newauth", "basic", "bearer"]);
        assert_eq!(found[0].param("title"), Some(r#"Login to "apps", please"#));
        assert_eq!(found[2].param("error"), Some("invalid_token"));
    }

    #[test]
    fn challenges_of_careless_servers_are_read_as_meant() {
        let comma = one(r#"Bearer, error="invalid_token""#);
        assert_eq!(comma[0].param("error"), Some("invalid_token"));
        let null = one(r#"null Bearer realm="x", error = "invalid_token""#);
        assert_eq!(null[1].scheme, "bearer");
        assert_eq!(null[1].param("error"), Some("invalid_token"));
        assert_eq!(
            one(r#"Bearer error="cut sho"#)[0].param("error"),
            Some("cut sho")
        );
        assert_eq!(one("Negotiate YWJj==")[0].scheme, "negotiate");
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_without_trouble(line in "\\PC{0,300}") {
            let found = one(&line);
            proptest::prop_assert!(found.len() <= PARAMS_MAX);
        }
    }
}
