//! The tables in README.md, each between a pair of marks.

use std::fs;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/README.md");

/// Puts the page between the marks of this name.
pub(crate) fn write(name: &str, page: &str) {
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let readme = fs::read_to_string(README).expect("the README");
    let (before, rest) = readme.split_once(&start).expect("its mark");
    let (_, after) = rest.split_once(&end).expect("its other mark");
    fs::write(README, [before, &start, page, &end, after].concat()).expect("it can be written");
}
