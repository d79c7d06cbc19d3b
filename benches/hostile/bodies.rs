//! Bodies of a given size, each made to be as much work as it can.

/// The bodies and their names.
pub(crate) fn bodies(size: usize) -> Vec<(&'static str, String)> {
    let fill = |piece: &str| piece.repeat(size / piece.len() + 1);
    let errors = fill("{\"code\":\"x\",\"message\":\"invalid or may have been\"},");
    vec![
        ("nested lists", fill("[")),
        ("nested objects", fill("{\"a\":")),
        ("many errors", format!("{{\"errors\":[{errors}]}}")),
        (
            "one long line",
            format!("{{\"error\":\"{}\"}}", fill("token may not if ")),
        ),
        (
            "many members",
            format!("{{{}}}", fill("\"error\":{\"a\":1},")),
        ),
        ("open tags", fill("<a ")),
        ("deep tags", fill("<a>")),
        (
            "many attributes",
            format!("<e {}>", fill("a=\"invalid token\" ")),
        ),
        ("many elements", format!("<r>{}</r>", fill("<m>token</m>"))),
        ("quotes", fill("\"\\\"")),
        ("braces in prose", fill("{ x ")),
        (
            "words of prose",
            fill("token key api invalid expired not or "),
        ),
        ("sentences", fill("Not a token. ")),
        ("form", fill("error=invalid&")),
        ("scopes", fill("requires scope ")),
        ("capitals", fill("TokenExpiredNot")),
        ("an event stream", fill("data: {\n")),
    ]
}
