//! Runs the binary and compares what it says: the exit code, stdout and stderr, all three every time.
//!
//! Silence is the default: a test that does not mention a stream holds that nothing is written to it. The environment
//! is empty but for what a test sets.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[cfg(unix)]
use rexpect::session::{PtySession, spawn_command};
use tempfile::TempDir;

/// A run takes less than a second; one that takes this long hangs.
const HANGS: Duration = Duration::from_secs(60);

/// One run of the binary.
#[must_use = "nothing runs before `status`, `output` or `start`"]
pub(crate) struct Plugin {
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    stdout: String,
    stderr: String,
    /// `HOME` and the working directory, empty.
    folder: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Output {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Plugin {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            args: Vec::new(),
            env: BTreeMap::from([
                ("HOME".into(), folder.path().into()),
                ("LANG".into(), "C.UTF-8".into()),
            ]),
            stdout: String::new(),
            stderr: String::new(),
            folder,
        }
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.into(), value.as_ref().to_owned());
        self
    }

    pub(crate) fn stdout(mut self, text: impl Into<String>) -> Self {
        self.stdout = text.into();
        self
    }

    pub(crate) fn stderr(mut self, text: impl Into<String>) -> Self {
        self.stderr = text.into();
        self
    }

    /// Runs, and compares the exit code and both streams.
    pub(crate) fn status(self, code: i32) {
        let want = (Some(code), self.stdout.clone(), self.stderr.clone());
        let words = self.args.clone();
        let output = self.output();
        let seen = (output.code, output.stdout, output.stderr);
        assert!(
            want == seen,
            "{words:?}\n--- wanted {}--- seen {}",
            Self::page(&want),
            Self::page(&seen)
        );
    }

    pub(crate) fn success(self) {
        self.status(0);
    }

    /// Runs; for a test that judges by itself what came out.
    #[must_use]
    pub(crate) fn output(self) -> Output {
        self.start().output()
    }

    /// Starts; for a test that does something meanwhile.
    pub(crate) fn start(self) -> Running {
        let mut command = self.command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Running {
            child: command.spawn().unwrap(),
            _folder: self.folder,
        }
    }

    /// What would run: for a test that brings its own streams.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-tracebloc_images"));
        command
            .args(&self.args)
            .env_clear()
            .envs(&self.env)
            .current_dir(self.folder.path());
        command
    }

    /// Runs on a terminal so wide. The plugin has to outlive the session: its folder is the session's.
    #[cfg(unix)]
    pub(crate) fn on_terminal(&self, columns: usize) -> PtySession {
        self.on_terminal_of(columns, 50)
    }

    /// The same, so high.
    #[cfg(unix)]
    pub(crate) fn on_terminal_of(&self, columns: usize, rows: usize) -> PtySession {
        let plugin = self.command();
        let mut command = Command::new("/bin/sh");
        let script = format!("stty cols {columns} rows {rows} && exec \"$0\" \"$@\"");
        command
            .args(["-c", &script])
            .arg(plugin.get_program())
            .args(plugin.get_args())
            .env_clear();
        command.env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
        for (name, value) in plugin.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        spawn_command(command, Some(30_000)).unwrap()
    }

    fn page((code, stdout, stderr): &(Option<i32>, String, String)) -> String {
        format!("{code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}

/// A run that goes on.
#[must_use = "the process ends with the test only if somebody waits for it"]
pub(crate) struct Running {
    child: Child,
    _folder: TempDir,
}

impl Running {
    /// Sends a signal by name: `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end. A run that hangs is ended and fails the test.
    #[must_use]
    pub(crate) fn output(mut self) -> Output {
        let stdout = collect(self.child.stdout.take().unwrap());
        let stderr = collect(self.child.stderr.take().unwrap());
        let mut text = |stream: mpsc::Receiver<Vec<u8>>| {
            let Ok(bytes) = stream.recv_timeout(HANGS) else {
                self.child.kill().unwrap();
                panic!("still running after {HANGS:?}");
            };
            String::from_utf8(bytes).unwrap()
        };
        let (stdout, stderr) = (text(stdout), text(stderr));
        let code = self.child.wait().unwrap().code();
        Output {
            code,
            stdout,
            stderr,
        }
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // The receiver has left only when the test has failed.
        if stream.read_to_end(&mut bytes).is_ok() {
            let _ = sender.send(bytes);
        }
    });
    receiver
}

/// A screen as the page `screens/<name>`: what differs from run to run replaced.
pub(crate) fn screen(name: &str, what: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "screens",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => what,
        filters => vec![
            (r"\b\d+\.\ds\.", "[s]."),
            (r"\b(\d+m|\d\.\d)s\b", "[ms]"),
            (r"\b\d+ of 100 left", "[n] of 100 left"),
            (r"127\.0\.0\.1:\d+", "[address]"),
            // The column behind a time moves with its digits.
            (r"(\[ms\]|\[n\] of 100 left) {2,}", "$1  "),
            (r"no release(.*)   \d{4}-\d\d-\d\d \d\d:\d\d UTC", "no release$1   [time]"),
        ],
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// What a command prints that asks nobody, as the page `screens/<name>`.
pub(crate) fn page_of(name: &str, args: &[&str]) {
    let output = Plugin::new().args(args).output();
    assert_eq!(
        (Some(0), ""),
        (output.code, output.stderr.as_str()),
        "{args:?}"
    );
    insta::with_settings!({
        snapshot_path => "screens",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => format!("kubectl tracebloc-images {}", args.join(" ")),
    }, {
        insta::assert_snapshot!(name, output.stdout);
    });
}
