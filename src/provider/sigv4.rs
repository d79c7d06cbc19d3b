//! Requests signed with a key instead of carrying it: AWS Signature Version 4.
//!
//! The credential is one text, `ID:SECRET` or `ID:SECRET:SESSION`. The steps are those of AWS's
//! reference "Create a signed AWS API request". A body has to be known in whole.

use crate::lane::Wall;
use crate::secret::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use url::Url;
use zeroize::Zeroizing;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// In whose name requests are signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signing {
    /// The region, such as `us-east-1`.
    pub(super) region: String,
    /// The service, where the address does not tell it.
    pub(super) service: String,
}

impl Signing {
    /// The headers that sign a request. `None` if the credential is no pair.
    pub fn headers(
        &self,
        secret: &Secret,
        method: &str,
        url: &Url,
        body: Option<(&str, &str)>,
        now: Wall,
    ) -> Option<Vec<(String, Secret)>> {
        let mut parts = secret.expose().splitn(3, ':');
        let (id, key) = (parts.next()?, parts.next()?);
        let session = parts.next();
        let at = now.to_utc()?.format("%Y%m%dT%H%M%SZ").to_string();
        let day = at.get(..8)?;
        let (text, kind) = body.map_or(("", None), |(text, kind)| (text, Some(kind)));
        let host = host(url)?;
        let mut headers: Vec<(&str, &str)> = Vec::with_capacity(4);
        headers.extend(kind.map(|kind| ("content-type", kind)));
        headers.push(("host", &host));
        headers.push(("x-amz-date", &at));
        headers.extend(session.map(|token| ("x-amz-security-token", token)));
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");

        let mut request = Zeroizing::new(String::with_capacity(1024));
        let path = if url.path().is_empty() {
            "/"
        } else {
            url.path()
        };
        for part in [method, "\n", path, "\n", &query(url), "\n"] {
            request.push_str(part);
        }
        for (name, value) in &headers {
            for part in [name, ":", value.trim(), "\n"] {
                request.push_str(part);
            }
        }
        for part in ["\n", &names, "\n", &hex(&Sha256::digest(text.as_bytes()))] {
            request.push_str(part);
        }
        let scope = format!(
            "{day}/{}/{}/aws4_request",
            self.region,
            self.service_of(url)
        );
        let digest = hex(&Sha256::digest(request.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{at}\n{scope}\n{digest}");

        let mut first = Zeroizing::new(String::with_capacity(4 + key.len()));
        first.push_str("AWS4");
        first.push_str(key);
        let mut signing = mac(first.as_bytes(), day.as_bytes())?;
        for part in scope.split('/').skip(1) {
            signing = mac(signing.as_slice(), part.as_bytes())?;
        }
        let signature = hex(mac(signing.as_slice(), to_sign.as_bytes())?.as_slice());
        let header = format!(
            "{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
        );
        let mut signed = vec![
            ("authorization".to_owned(), Secret::new(header)),
            ("x-amz-date".to_owned(), Secret::new(at.clone())),
        ];
        if let Some(token) = session {
            let token = Secret::new(token.to_owned());
            signed.push(("x-amz-security-token".to_owned(), token));
        }
        Some(signed)
    }

    /// The service that an AWS address names, as in `iam.amazonaws.com`.
    fn service_of<'u>(&'u self, url: &'u Url) -> &'u str {
        let named = url.host_str().and_then(|host| {
            let (service, rest) = host.split_once('.')?;
            rest.ends_with("amazonaws.com").then_some(service)
        });
        named.unwrap_or(&self.service)
    }
}

/// The host as the `Host` header has it.
fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// The query, sorted and escaped as it is signed.
fn query(url: &Url) -> String {
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| (escape(&name), escape(&value)))
        .collect();
    pairs.sort();
    let joined: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
    joined.join("&")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a text never fails.
            write!(out, "%{byte:02X}").ok();
        }
    }
    out
}

fn mac(key: &[u8], text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(out, "{byte:02x}").ok();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signing() -> Signing {
        Signing {
            region: "us-east-1".into(),
            service: "sts".into(),
        }
    }

    /// The worked example of AWS's own reference.
    #[test]
    fn a_request_is_signed_as_the_reference_signs_it() {
        let pair = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let headers = signing()
            .headers(
                &Secret::new(pair.into()),
                "GET",
                &url.parse().unwrap(),
                Some(("", kind)),
                Wall::parse("2015-08-30T12:36:00Z").unwrap(),
            )
            .unwrap();
        assert_eq!(
            headers[0].1.expose(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
        assert!(
            !headers
                .iter()
                .any(|(_, text)| text.expose().contains("EXAMPLEKEY"))
        );
    }

    #[test]
    fn a_session_is_shown_and_signed_and_a_single_word_signs_nothing() {
        let url = "http://127.0.0.1:9/".parse().unwrap();
        let sign = |text: &str| {
            let secret = Secret::new(text.into());
            signing().headers(&secret, "POST", &url, None, Wall(1_790_000_000_000))
        };
        let headers = sign("ASIA1:key:session").unwrap();
        assert!(
            headers[0]
                .1
                .expose()
                .contains("host;x-amz-date;x-amz-security-token")
        );
        assert!(
            headers[0]
                .1
                .expose()
                .contains("/us-east-1/sts/aws4_request")
        );
        assert_eq!(headers[2].1.expose(), "session");
        assert!(sign("AKIA1").is_none());
    }
}
