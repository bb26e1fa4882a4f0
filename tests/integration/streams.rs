//! Where the answer goes, and what happens when it cannot go there.

use std::fs::OpenOptions;

use crate::harness::Plugin;

fn page() -> Plugin {
    Plugin::new().args(["help", "exit-codes"])
}

#[test]
fn a_reader_that_has_left_is_not_an_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = page().command().stdout(writer).output().unwrap();
    assert_eq!(
        (Some(0), b"".as_slice()),
        (output.status.code(), &output.stderr[..])
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = page().command().stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let want = "error: write the answer: No space left on device (os error 28)\n";
    assert_eq!((Some(1), want), (output.status.code(), stderr.as_str()));
}

#[test]
fn nobody_listening_to_errors_changes_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let plugin = Plugin::new().args(["nonsense"]);
    let output = plugin.command().stderr(writer).output().unwrap();
    assert_eq!(Some(2), output.status.code());
}
