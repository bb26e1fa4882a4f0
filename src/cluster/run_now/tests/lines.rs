//! The lines of a log that is still written: of any bytes, and of any length.

use futures::FutureExt as _;
use futures::io::Cursor;
use proptest::prelude::*;

use crate::cluster::run_now::reading::{LINE_READ, Lines};

fn read(log: &[u8]) -> Vec<String> {
    let mut lines = Lines {
        stream: Cursor::new(log),
        line: Vec::new(),
    };
    let mut read = Vec::new();
    while let Some(line) = lines.next().now_or_never().expect("no wait for a cursor") {
        read.push(line);
    }
    read
}

#[test]
fn a_line_without_end_is_cut_and_the_next_one_is_whole() {
    // Two bytes each, and an odd number before them: the last one that fits is cut in two.
    let endless = format!("x{}", "ä".repeat(LINE_READ));
    let lines = read(format!("{endless}\r\nnext\n").as_bytes());
    let [cut, next] = &lines[..] else {
        panic!("{} lines", lines.len());
    };
    assert_eq!("next", next);
    let kept = cut
        .strip_suffix('\u{fffd}')
        .expect("a character cut in two");
    assert_eq!(LINE_READ - 1, kept.len());
    assert!(endless.starts_with(kept));
}

proptest! {
    #[test]
    fn bytes_of_any_kind_come_out_line_by_line(log in proptest::collection::vec(any::<u8>(), 0..400)) {
        let whole = log.split(|byte| *byte == b'\n');
        let mut want: Vec<_> = whole
            .map(|line| String::from_utf8_lossy(line).trim_end_matches('\r').to_owned())
            .collect();
        if want.last().is_some_and(String::is_empty) && !log.ends_with(b"\r") {
            want.pop();
        }
        prop_assert_eq!(want, read(&log));
    }
}
