//! The lab: one real Kubernetes and one small internet for the whole run.
//!
//! It is tied to this process by a pipe: when the process ends, however it ends, the lab's
//! supervisor reads the end of the pipe, ends every process of the lab and deletes its folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

use crate::installed::Installed;
use crate::network::Network;
use crate::release::{Generation, Release, Values};
use crate::run::Run;

const CLUSTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/cluster");
pub(crate) const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-tracebloc_images");

/// Without a locale the plugin draws in ASCII.
const UTF_8: (&str, &str) = ("LANG", "C.UTF-8");

/// The lab that all tests share.
pub(crate) struct Lab {
    dir: String,
    kubox: String,
    path: String,
    proxy: String,
    /// Held by the one test that may break the network.
    pub(crate) turn: Mutex<()>,
    _lifeline: ChildStdin,
}

impl Lab {
    /// The lab, started by the first test that asks.
    pub(crate) fn get() -> &'static Self {
        static LAB: OnceLock<Lab> = OnceLock::new();
        LAB.get_or_init(Self::start)
    }

    fn start() -> Self {
        let built = Command::new(CLUSTER)
            .arg("build")
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(built.status.success(), "{CLUSTER} build: {}", built.status);
        let bin = String::from_utf8(built.stdout).unwrap().trim().to_owned();
        let dir = env::var_os("TRACEBLOC_LAB_DIR").map_or_else(
            || env::temp_dir().join(format!("lab-{}", std::process::id())),
            PathBuf::from,
        );

        let kubox = format!("{bin}/kubox");
        let mut up = Command::new(&kubox)
            .args(["up", "-tied", "-dir"])
            .arg(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lifeline = up.stdin.take().unwrap();
        let up = up.wait_with_output().unwrap();
        assert!(
            up.status.success(),
            "the lab did not start: {}",
            String::from_utf8_lossy(&up.stderr)
        );

        let config = fs::read(dir.join("config.json")).unwrap();
        let config: Value = serde_json::from_slice(&config).unwrap();
        let plugins = Path::new(PLUGIN).parent().unwrap().display().to_string();
        Self {
            kubox,
            path: format!("{bin}:{plugins}:/usr/sbin:/usr/bin:/sbin:/bin"),
            proxy: format!("http://{}", config["Proxy"].as_str().unwrap()),
            dir: dir.to_str().unwrap().to_owned(),
            turn: Mutex::new(()),
            _lifeline: lifeline,
        }
    }

    /// Moves a tag to another tag's content or to a digest of its repository; prints its digest.
    pub(crate) fn retag(&self, reference: &str, to: &str) -> String {
        self.tag(&["retag", &self.dir, reference, to])
    }

    /// Moves a tag to new content that says it was created then, an RFC 3339 time.
    pub(crate) fn publish(&self, reference: &str, created: &str) -> String {
        self.tag(&["retag", "-created", created, &self.dir, reference])
    }

    /// Pushes an image of busybox and one program of the host.
    pub(crate) fn pack(&self, reference: &str, program: &str) {
        self.kubox(&["pack", &self.dir, reference, program]).ok();
    }

    fn tag(&self, args: &[&str]) -> String {
        let line = self.kubox(args).ok();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    pub(crate) fn kubox(&self, args: &[&str]) -> Run {
        Run::new(&[("PATH", &self.path)], &self.kubox, args, "")
    }

    /// kubectl as administrator, from the host.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Run {
        self.kubectl_reads(args, "")
    }

    /// A line of shell as an administrator pastes it, on the host.
    pub(crate) fn paste(&self, line: &str) -> Run {
        let kubeconfig = format!("{}/admin.kubeconfig", self.dir);
        let home = self.home();
        let env = [
            ("KUBECONFIG", &*kubeconfig),
            ("HOME", &home),
            ("PATH", &self.path),
        ];
        Run::new(&env, "sh", &["-c", line], "")
    }

    fn kubectl_reads(&self, args: &[&str], stdin: &str) -> Run {
        let kubeconfig = format!("{}/admin.kubeconfig", self.dir);
        let home = self.home();
        let env = [
            ("KUBECONFIG", &*kubeconfig),
            ("HOME", &home),
            ("PATH", &self.path),
        ];
        Run::new(&env, "kubectl", args, stdin)
    }

    /// Creates the objects, in order.
    pub(crate) fn apply(&self, objects: &[Value]) {
        let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        self.kubectl_reads(&["apply", "-f", "-"], &list.to_string())
            .ok();
    }

    /// The plugin on the laptop: its network, resolver and trust store.
    pub(crate) fn laptop(&self, args: &[&str]) -> Run {
        self.laptop_runs(&[], &[&["kubectl", "tracebloc-images"], args].concat())
    }

    /// Adds the plugin on the laptop, as a person starts it, to a command that runs another.
    pub(crate) fn laptop_sees(&self, command: &mut Command, args: &[&str]) {
        command
            .args([&self.kubox, "laptop", "-dir", &self.dir, "--"])
            .args(["kubectl", "tracebloc-images"])
            .args(args)
            .env_clear()
            .envs([("HOME", &*self.home()), ("PATH", &self.path), UTF_8])
            .env("TERM", "xterm");
    }

    /// A program on the laptop, with more environment.
    pub(crate) fn laptop_runs(&self, more: &[(String, String)], command: &[&str]) -> Run {
        let home = self.home();
        let mut env = vec![("HOME", &*home), ("PATH", &self.path), UTF_8];
        env.extend(more.iter().map(|(name, value)| (&**name, &**value)));
        let laptop = ["laptop", "-dir", &self.dir, "--"];
        Run::new(&env, &self.kubox, &[&laptop, command].concat(), "")
    }

    /// The plugin on the host, which reaches the lab's registries by its forward proxy only.
    pub(crate) fn host(&self, args: &[&str]) -> Run {
        let kubeconfig = format!("{}/admin.kubeconfig", self.dir);
        let trusted = format!("{}/laptop/ca-bundle.crt", self.dir);
        let home = self.home();
        let env = [
            ("KUBECONFIG", &*kubeconfig),
            ("HOME", &home),
            ("PATH", &self.path),
            ("SSL_CERT_FILE", &trusted),
            ("HTTPS_PROXY", &self.proxy),
            ("NO_PROXY", "127.0.0.1"),
            UTF_8,
        ];
        Run::new(&env, "kubectl", &[&["tracebloc-images"], args].concat(), "")
    }

    /// A kubeconfig of the laptop's for a service account.
    pub(crate) fn account(&self, namespace: &str, name: &str) -> String {
        let token = self
            .kubectl(&["-n", namespace, "create", "token", name])
            .ok();
        let path = format!("{}/{namespace}-{name}.kubeconfig", self.dir);
        fs::copy(format!("{}/laptop.kubeconfig", self.dir), &path).unwrap();
        let config = ["--kubeconfig", &path, "config"];
        let login = ["set-credentials", name, "--token", token.trim()];
        let choose = ["set-context", "--current", "--user", name];
        for change in [login, choose] {
            self.kubectl(&[&config[..], &change].concat()).ok();
        }
        path
    }

    fn home(&self) -> String {
        format!("{}/home", self.dir)
    }

    /// The network for this test alone; other tests wait.
    pub(crate) fn network(&'static self) -> Network {
        Network::new(self)
    }

    /// The release `berlin` in a namespace of its own, with some values changed, rolled out.
    pub(crate) fn install(
        &'static self,
        namespace: &str,
        generation: Generation,
        change: impl FnOnce(&mut Values),
    ) -> Installed {
        let release = Release::with(generation, |values| {
            values.namespace = namespace.into();
            values.node_agents_namespace = format!("{namespace}-agents");
            change(values);
        });
        Installed::new(self, release)
    }

    pub(crate) fn dir(&self) -> &str {
        &self.dir
    }
}
