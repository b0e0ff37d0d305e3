//! Starts the server's binary, and ends it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of one test, with data and configuration in it.
pub(crate) struct Home {
    folder: TempDir,
}

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What it said before it said where it listens.
    pub(crate) said: String,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<JoinHandle<String>>,
}

/// An app's id and secret.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// What a server left when it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) log: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The binary, with this home's data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary(arguments);
        command.current_dir(self.folder.path()).arg("--data").arg(self.data());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Server::start(command)
    }

    /// A server that limits nothing.
    pub(crate) fn start_unlimited(&self, arguments: &[&str]) -> Server {
        self.start_with(
            "limits = { source = false, client_at_source = false, client = false }",
            arguments,
        )
    }

    pub(crate) fn start_with(&self, config: &str, arguments: &[&str]) -> Server {
        let file = self.path("tokensmith.toml");
        std::fs::write(&file, config).unwrap();
        let config = ["--config", file.to_str().unwrap()];
        self.start(&[&config, arguments].concat())
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn create_app(&self, name: &str) -> App {
        let output = self.run(&["apps", "create", "--json", "--name", name]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        App::read(&output.stdout).unwrap()
    }

    pub(crate) fn list_apps(&self) -> Vec<Value> {
        let output = self.run(&["apps", "list", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl App {
    /// Reads what `apps create --json` printed, if it is whole.
    pub(crate) fn read(stdout: &[u8]) -> Option<Self> {
        let app: Value = serde_json::from_slice(stdout).ok()?;
        Some(Self {
            id: app["appClientId"].as_str()?.into(),
            secret: app["appSecret"].as_str()?.into(),
        })
    }

    /// Reads what a first start said, if it said it whole.
    pub(crate) fn demo(said: &str) -> Option<Self> {
        let word = |name: &str| {
            let line = said.lines().find_map(|line| line.trim_start().strip_prefix(name));
            line.map(|word| word.trim().to_owned())
        };
        let app = Self { id: word("appClientId")?, secret: word("appSecret")? };
        // An id has 26 characters and a secret 67: what a kill cut short was not shown.
        (app.id.len() == 26 && app.secret.len() == 67).then_some(app)
    }
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let from = said.len();
            if stdout.read_line(&mut said).unwrap() == 0 {
                panic!("it did not start: {}", stderr.join().unwrap());
            }
            if let Some(address) = said[from..].trim_end().strip_prefix("listening on http://") {
                break address.parse().unwrap();
            }
        };
        Self { address, said, child, stdout: Some(stdout), stderr: Some(stderr) }
    }

    pub(crate) fn demo(&self) -> App {
        App::demo(&self.said).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for the end, which must come within `within`.
    pub(crate) fn ended(mut self, within: Duration) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < within, "it goes on");
            std::thread::sleep(Duration::from_millis(2));
        };
        let log = self.stderr.take().unwrap().join().unwrap();
        let mut more = String::new();
        self.stdout.take().unwrap().read_to_string(&mut more).unwrap();
        assert_eq!(more, "", "it went on to speak on stdout");
        Ended { status, log }
    }

    pub(crate) fn stopped(self) -> Ended {
        self.signal("TERM");
        self.ended(Duration::from_secs(20))
    }

    pub(crate) fn killed(self) {
        self.signal("KILL");
        self.ended(Duration::from_secs(20));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already, or it goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, away from this process's own log filter.
pub(crate) fn binary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokensmith-server"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Tries until it is so, for at most `within`.
pub(crate) fn becomes_so(within: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if start.elapsed() > within {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The `kid`s of the keys that a server publishes.
pub(crate) fn published_kids(server: &Server) -> Vec<String> {
    let keys = crate::wire::ask(server.address, "GET", "/.well-known/jwks.json", &[]).json();
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
