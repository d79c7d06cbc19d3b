//! Bytes from the terminal into keys.
//!
//! Control bytes, UTF-8, `CSI` and `SS3` sequences of the cursor and editing keys, the mouse where it
//! was asked for, the one answer that is ever asked for (the background's colour), and pasted text
//! between its marks. Everything else is swallowed whole, so that a stray reply never looks like a command.

use super::watch::Input;
use crate::tui::key::{Code, Deed, Key, Mouse};

/// How an answer to the question for the background begins.
const ANSWER_BEGINS: &[u8] = b"\x1b]11;";
/// Longer than this no answer is.
const STRING_MAX: usize = 1_024;
const PASTE_BEGINS: &[u8] = b"200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// A paste is cut here: it can only be a reason or a filter.
const PASTE_MAX: usize = 64 * 1024;

/// Keeps what has come of a sequence until the rest comes.
#[derive(Default)]
pub(super) struct Decoder {
    held: Vec<u8>,
    pasting: bool,
}

/// What a piece of input is.
enum Piece {
    /// A key, of so many bytes.
    Key(Key, usize),
    /// Nothing of interest, of so many bytes.
    Nothing(usize),
    /// The mouse, of so many bytes.
    Mouse(Mouse, usize),
    /// Whether the background is light, of so many bytes.
    Background(bool, usize),
    /// The beginning of a paste, of so many bytes.
    Paste(usize),
    /// Not all of it is here.
    Partial,
}

impl Decoder {
    /// Whether a sequence has begun that may just as well be a lone escape.
    pub(super) fn waits(&self) -> bool {
        // The answer to our own question may come late and in pieces, and is nobody's key.
        !self.held.is_empty() && !self.pasting && !self.held.starts_with(ANSWER_BEGINS)
    }

    /// Takes bytes in and gives out what they mean.
    pub(super) fn feed(&mut self, bytes: &[u8], seen: &mut Vec<Input>) {
        self.held.extend_from_slice(bytes);
        self.drain(seen);
    }

    /// Nothing more came: a lone escape was the key.
    pub(super) fn give_up(&mut self, seen: &mut Vec<Input>) {
        if !self.waits() {
            return;
        }
        let alone = self.held.as_slice() == b"\x1b";
        self.held.clear();
        if alone {
            seen.push(Input::Key(Key::plain(Code::Esc)));
        }
    }

    fn drain(&mut self, seen: &mut Vec<Input>) {
        loop {
            if self.pasting && !self.paste(seen) {
                return;
            }
            let used = match piece(&self.held) {
                Piece::Partial => return,
                Piece::Nothing(used) => used,
                Piece::Key(key, used) => {
                    seen.push(Input::Key(key));
                    used
                }
                Piece::Mouse(mouse, used) => {
                    seen.push(Input::Mouse(mouse));
                    used
                }
                Piece::Background(light, used) => {
                    seen.push(Input::Background { light });
                    used
                }
                Piece::Paste(used) => {
                    self.pasting = true;
                    used
                }
            };
            self.held.drain(..used.min(self.held.len()));
        }
    }

    /// Whether the paste is over.
    fn paste(&mut self, seen: &mut Vec<Input>) -> bool {
        let end = self
            .held
            .windows(PASTE_ENDS.len())
            .position(|part| part == PASTE_ENDS);
        let Some(end) = end else {
            if self.held.len() > PASTE_MAX {
                // Keep the tail: the end mark may have begun.
                let tail = self.held.len() - PASTE_ENDS.len();
                self.held.drain(PASTE_MAX / 2..tail);
            }
            return false;
        };
        let text = self.held.get(..end).unwrap_or_default();
        seen.push(Input::Paste(String::from_utf8_lossy(text).into_owned()));
        self.held.drain(..end + PASTE_ENDS.len());
        self.pasting = false;
        true
    }
}

fn piece(bytes: &[u8]) -> Piece {
    match bytes {
        [] | [0x1b] => Piece::Partial,
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b, b'O', rest @ ..] => match rest {
            [] => Piece::Partial,
            [letter, ..] => named(letter_key(*letter), 3),
        },
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => string(bytes, rest),
        // Two escapes: the first one was a key.
        [0x1b, 0x1b, ..] => Piece::Key(Key::plain(Code::Esc), 1),
        [0x1b, rest @ ..] => match piece(rest) {
            Piece::Key(key, used) => Piece::Key(Key { alt: true, ..key }, used + 1),
            Piece::Nothing(used)
            | Piece::Paste(used)
            | Piece::Mouse(_, used)
            | Piece::Background(_, used) => Piece::Nothing(used + 1),
            Piece::Partial => Piece::Partial,
        },
        [first, ..] => single(*first, bytes),
    }
}

fn single(first: u8, bytes: &[u8]) -> Piece {
    let key = match first {
        b'\r' | b'\n' => Key::plain(Code::Enter),
        b'\t' => Key::plain(Code::Tab),
        0x7f | 0x08 => Key::plain(Code::Backspace),
        0 => Key::ctrl(' '),
        1..=26 => Key::ctrl(char::from(first - 1 + b'a')),
        0x1c..=0x1f => return Piece::Nothing(1),
        _ => return utf8(first, bytes),
    };
    Piece::Key(key, 1)
}

fn utf8(first: u8, bytes: &[u8]) -> Piece {
    let length = match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Piece::Nothing(1),
    };
    let Some(whole) = bytes.get(..length) else {
        return Piece::Partial;
    };
    match std::str::from_utf8(whole)
        .ok()
        .and_then(|text| text.chars().next())
    {
        Some(c) if !c.is_control() => Piece::Key(Key::char(c), length),
        Some(_) => Piece::Nothing(length),
        None => Piece::Nothing(1),
    }
}

/// A sequence after `ESC [`: parameters, then a letter.
fn csi(rest: &[u8]) -> Piece {
    let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        // A control byte inside is no sequence; give up on it.
        let broken = rest.iter().any(|byte| *byte < 0x20) || rest.len() > 64;
        return if broken {
            Piece::Nothing(2)
        } else {
            Piece::Partial
        };
    };
    let used = 2 + end + 1;
    if rest.get(..=end) == Some(PASTE_BEGINS) {
        return Piece::Paste(used);
    }
    let (Some(params), Some(last)) = (rest.get(..end), rest.get(end)) else {
        return Piece::Nothing(used);
    };
    if let Some(params) = params.strip_prefix(b"<") {
        return mouse(params, *last).map_or(Piece::Nothing(used), |it| Piece::Mouse(it, used));
    }
    let mut numbers = params.split(|byte| *byte == b';').map(|digits| {
        let text = std::str::from_utf8(digits).unwrap_or("");
        text.parse::<u16>().ok()
    });
    let first = numbers.next().flatten();
    let held = numbers.next().flatten().unwrap_or(1).saturating_sub(1);
    let code = match (last, first) {
        (b'~', Some(1 | 7)) => Some(Code::Home),
        (b'~', Some(4 | 8)) => Some(Code::End),
        (b'~', Some(3)) => Some(Code::Delete),
        (b'~', Some(5)) => Some(Code::PageUp),
        (b'~', Some(6)) => Some(Code::PageDown),
        (b'~', _) => None,
        (letter, _) => letter_key(*letter),
    };
    match named(code, used) {
        Piece::Key(key, used) => Piece::Key(
            Key {
                ctrl: held & 4 != 0,
                alt: held & 2 != 0,
                ..key
            },
            used,
        ),
        other => other,
    }
}

/// What follows `ESC ]` and the like: text up to a bell or `ESC \\`.
fn string(bytes: &[u8], rest: &[u8]) -> Piece {
    let within = rest.get(..STRING_MAX).unwrap_or(rest);
    let end = within.iter().position(|byte| *byte < 0x20);
    let Some(end) = end else {
        return if rest.len() >= STRING_MAX {
            Piece::Nothing(2 + STRING_MAX)
        } else {
            Piece::Partial
        };
    };
    let used = match (rest.get(end), rest.get(end + 1)) {
        (Some(0x07), _) => end + 1,
        (Some(0x1b), None) => return Piece::Partial,
        (Some(0x1b), Some(b'\\')) => end + 2,
        // Something else begins in the middle: the string was none.
        _ => return Piece::Nothing(2 + end),
    };
    let text = rest.get(..end).filter(|_| bytes.get(1) == Some(&b']'));
    match text.and_then(|text| background(std::str::from_utf8(text).ok()?)) {
        Some(light) => Piece::Background(light, 2 + used),
        None => Piece::Nothing(2 + used),
    }
}

/// From `11;rgb:RRRR/GGGG/BBBB` whether that colour is a light one. Each part has one to four
/// digits of its own scale.
fn background(text: &str) -> Option<bool> {
    let color = text.strip_prefix("11;")?;
    let color = color
        .strip_prefix("rgba:")
        .or_else(|| color.strip_prefix("rgb:"))?;
    let mut parts = color.split('/').map(|part| {
        let full = 16_u32
            .checked_pow(u32::try_from(part.len()).ok()?)?
            .checked_sub(1)?;
        let value = u32::from_str_radix(part, 16).ok()?;
        (1..=4).contains(&part.len()).then(|| value * 1_000 / full)
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    Some(red * 299 + green * 587 + blue * 114 > 500_000)
}

/// From `BUTTON;COLUMN;ROW` of an SGR mouse report.
fn mouse(params: &[u8], last: u8) -> Option<Mouse> {
    let text = std::str::from_utf8(params).ok()?;
    let mut numbers = text.split(';').map(|digits| digits.parse::<u16>().ok());
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    // Shift, alt and control do not matter.
    let deed = match (button & !0b1_1100, last) {
        (0, b'M') => Deed::Click,
        (64, b'M') => Deed::Wheel { down: false },
        (65, b'M') => Deed::Wheel { down: true },
        _ => return None,
    };
    Some(Mouse {
        deed,
        column: column.saturating_sub(1),
        row: row.saturating_sub(1),
    })
}

const fn letter_key(letter: u8) -> Option<Code> {
    match letter {
        b'A' => Some(Code::Up),
        b'B' => Some(Code::Down),
        b'C' => Some(Code::Right),
        b'D' => Some(Code::Left),
        b'H' => Some(Code::Home),
        b'F' => Some(Code::End),
        b'Z' => Some(Code::BackTab),
        b'M' => Some(Code::Enter),
        _ => None,
    }
}

fn named(code: Option<Code>, used: usize) -> Piece {
    code.map_or(Piece::Nothing(used), |code| {
        Piece::Key(Key::plain(code), used)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(bytes: &[u8]) -> Vec<String> {
        let (mut decoder, mut seen) = (Decoder::default(), Vec::new());
        decoder.feed(bytes, &mut seen);
        decoder.give_up(&mut seen);
        let name = |input| match input {
            Input::Key(key) => key.to_string(),
            Input::Paste(text) => format!("paste {text}"),
            other => panic!("{other:?}"),
        };
        seen.into_iter().map(name).collect()
    }

    #[test]
    fn keys_are_read_as_terminals_send_them() {
        assert_eq!(keys(b"jG/"), ["j", "G", "/"]);
        assert_eq!(
            keys(b"\r\t\x7f\x03"),
            ["enter", "tab", "backspace", "ctrl-c"]
        );
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[Z"),
            ["up", "down", "pgup", "pgdn", "backtab"]
        );
        assert_eq!(
            keys(b"\x1b[H\x1b[4~\x1b[1;5D"),
            ["home", "end", "ctrl-left"]
        );
        assert_eq!(keys("é漢".as_bytes()), ["é", "漢"]);
        assert_eq!(keys(b"\x1bx"), ["alt-x"]);
        assert_eq!(keys(b"\x1b"), ["esc"]);
        assert_eq!(keys(b"\x1b\x1b[A"), ["esc", "up"]);
    }

    #[test]
    fn what_a_terminal_answers_is_never_a_key() {
        assert!(keys(b"\x1b[?62;22c").is_empty());
        assert!(keys(b"\x1b[12;40R").is_empty());
        assert!(keys(b"\x1b[I\x1b[O").is_empty());
        assert!(keys(b"\xff\xfe\x1c").is_empty());
    }

    fn inputs(bytes: &[u8]) -> Vec<Input> {
        let (mut decoder, mut seen) = (Decoder::default(), Vec::new());
        decoder.feed(bytes, &mut seen);
        decoder.give_up(&mut seen);
        seen
    }

    #[test]
    fn the_background_is_told_in_any_scale_and_never_typed() {
        let light = |light| vec![Input::Background { light }];
        assert_eq!(inputs(b"\x1b]11;rgb:ffff/ffff/ffff\x07"), light(true));
        assert_eq!(inputs(b"\x1b]11;rgb:1c/1c/1c\x1b\\"), light(false));
        assert_eq!(inputs(b"\x1b]11;rgba:f/f/e/f\x1b\\"), light(true));
        assert!(inputs(b"\x1b]11;blue\x07\x1b]10;rgb:0/0/0\x07\x1bP1$r0m\x1b\\").is_empty());
    }

    #[test]
    fn an_answer_that_comes_late_and_in_pieces_is_still_no_key() {
        let (mut decoder, mut seen) = (Decoder::default(), Vec::new());
        for part in [&b"\x1b]11;rgb:ff"[..], b"ff/ffff", b"/ffff\x1b", b"\\q"] {
            decoder.feed(part, &mut seen);
            decoder.give_up(&mut seen);
        }
        assert_eq!(
            seen,
            [
                Input::Background { light: true },
                Input::Key(Key::char('q'))
            ]
        );
    }

    #[test]
    fn the_mouse_is_read_in_its_sgr_form_only_when_it_does_something() {
        let at = |deed| {
            Input::Mouse(Mouse {
                deed,
                column: 9,
                row: 4,
            })
        };
        assert_eq!(inputs(b"\x1b[<0;10;5M\x1b[<0;10;5m"), [at(Deed::Click)]);
        assert_eq!(inputs(b"\x1b[<64;10;5M"), [at(Deed::Wheel { down: false })]);
        assert_eq!(inputs(b"\x1b[<69;10;5M"), [at(Deed::Wheel { down: true })]);
        assert!(inputs(b"\x1b[<35;10;5M\x1b[<2;10;5M\x1b[<0;;M").is_empty());
    }

    #[test]
    fn pasted_text_is_one_piece_even_with_keys_in_it() {
        assert_eq!(
            keys(b"a\x1b[200~q\rly\x1b[Ay\x1b[201~b"),
            ["a", "paste q\rly\u{1b}[Ay", "b"]
        );
    }

    #[test]
    fn a_sequence_may_come_in_pieces() {
        let (mut decoder, mut seen) = (Decoder::default(), Vec::new());
        for byte in b"\x1b[1;5C\x1b[200~hi\x1b[201~" {
            decoder.feed(&[*byte], &mut seen);
        }
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[1], Input::Paste("hi".to_owned()));
        assert!(!decoder.waits());
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same_keys(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            cut in 0_usize..60,
        ) {
            let (mut whole, mut once) = (Decoder::default(), Vec::new());
            whole.feed(&bytes, &mut once);
            let (mut parts, mut twice) = (Decoder::default(), Vec::new());
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            parts.feed(head, &mut twice);
            parts.feed(tail, &mut twice);
            prop_assert_eq!(once, twice);
        }
    }
}
