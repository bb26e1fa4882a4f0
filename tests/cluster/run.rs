//! A command that has run, with everything that is needed to run it again.

use std::fmt;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// How long one command may take; what waits for less names its own deadline.
const PATIENCE: &str = "180";

/// An ended command. Every way to use it compares its exit code and shows it whole on failure.
#[must_use]
pub(crate) struct Run {
    command: String,
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs a program with nothing of this process's environment but what is given.
    pub(crate) fn new(env: &[(&str, &str)], program: &str, args: &[&str], stdin: &str) -> Self {
        // In the foreground, so that Ctrl-C reaches the program too.
        let mut child = Command::new("timeout")
            .args(["--foreground", "-k", "5", PATIENCE, program])
            .args(args)
            .env_clear()
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();

        let env = env.iter().map(|(name, value)| format!("{name}={value}"));
        let words = env
            .chain([program.to_owned()])
            .chain(args.iter().map(|&arg| quoted(arg)));
        Self {
            command: format!("env -i {}", words.collect::<Vec<_>>().join(" ")),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it printed; it must have exited 0.
    pub(crate) fn ok(self) -> String {
        self.exits(0).stdout
    }

    /// The JSON document that it printed; it must have exited 0 and said nothing else.
    pub(crate) fn json(self) -> Value {
        let run = self.exits(0);
        assert_eq!(run.stderr, "", "{run}");
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
    }

    /// Itself; it must have exited with this code.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Whether it exited 0.
    pub(crate) fn is_ok(&self) -> bool {
        self.has_exited(0)
    }

    /// Whether it exited with this code.
    pub(crate) fn has_exited(&self, code: i32) -> bool {
        self.code == Some(code)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "\n$ {command}\nexit code {code:?}\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        )
    }
}

/// An argument as a shell reads it.
fn quoted(arg: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !arg.is_empty() && arg.chars().all(is_plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}
