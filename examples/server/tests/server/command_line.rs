//! Every error is one clear line on stderr, with its exit code.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::running::{Home, binary};

/// Runs a command that fails: 1, nothing on stdout, and that one line.
fn fails(home: &Home, arguments: &[&str], line: &str) {
    // A server that starts after all must not be waited for.
    let mut command = Command::new("timeout");
    command.args(["20", env!("CARGO_BIN_EXE_tokensmith-server")]).args(arguments);
    command.env_remove("RUST_LOG").current_dir(home.path("."));
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, format!("tokensmith-server: {line}\n"), "{arguments:?}");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_port_in_use() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = format!("cannot listen on {address}: Address already in use (os error 98)");
    fails(&home, &["--listen", &address], &line);
    fails(&home, &["serve", "--listen", &address], &line);
    // It left nothing behind.
    assert!(!home.path("tokensmith-data").exists());
}

#[test]
fn a_bad_configuration() {
    let home = Home::new();
    let serve = ["--listen", "127.0.0.1:0", "--config"];
    let check = |file: &str, text: &str, line: &str| {
        std::fs::write(home.path(file), text).unwrap();
        fails(&home, &[&serve[..], &[file]].concat(), line);
        fails(&home, &["apps", "create", "--name", "x", "--config", file], line);
    };
    check(
        "a.toml",
        "limits.slots = 1",
        "the configuration `a.toml`: `limits.slots`: expected a whole number from 16 to 268435456",
    );
    check(
        "a.json",
        r#"{"deadline_ms": "canary"}"#,
        "the configuration `a.json`: `deadline_ms`: expected a whole number from 1 to 600000",
    );
    check(
        "b.toml",
        "realm = \"canary",
        "the configuration `b.toml`: not TOML at line 1, column 16: \
         invalid basic string, expected `\"`",
    );
    check(
        "c.toml",
        "authenticator.kind = \"host\"",
        "`authenticator.kind`: `host`, and the host gave no authenticator",
    );
    check(
        "d.toml",
        "authenticator.issuer = \"a canary\"",
        "`authenticator.issuer`: not 1 to 512 visible ASCII characters",
    );
    fails(
        &home,
        &[&serve[..], &["none.toml"]].concat(),
        "cannot read the configuration `none.toml`: No such file or directory (os error 2)",
    );
    std::fs::write(home.path("e.toml"), "store.path = \"x/a.db\"").unwrap();
    fails(
        &home,
        &["--listen", "127.0.0.1:0", "--config", "e.toml", "--data", "y"],
        "the configuration has `store.path`, so `--data` cannot say where the store is",
    );
    fails(
        &home,
        &["--listen", "127.0.0.1:0", "--log", "no=such=level"],
        "the log filter cannot be read: error parsing level filter: expected one of \"off\", \
         \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5",
    );
}

#[test]
fn a_place_that_cannot_be_used() {
    let home = Home::new();
    std::fs::write(home.path("file"), "").unwrap();
    let store = |path: &str, why: &str| {
        format!("the issuer: the store `{path}/tokensmith.db` cannot be used: {why}")
    };
    let unmade = "the file cannot be read or made";
    let line = store("file/x", &format!("{unmade}: Not a directory (os error 20)"));
    fails(&home, &["--listen", "127.0.0.1:0", "--data", "file/x"], &line);
    let line = store("/proc/x", &format!("{unmade}: No such file or directory (os error 2)"));
    fails(&home, &["apps", "create", "--name", "x", "--data", "/proc/x"], &line);

    home.create_app("x");
    let both = |line: &str| {
        fails(&home, &["--listen", "127.0.0.1:0", "--data", "data"], line);
        fails(&home, &["apps", "list", "--data", "data"], line);
    };
    let root = home.data().join("root.key");
    let open = "open to others (mode bits 040); its mode must be 0600";
    set_mode(&root, 0o640);
    both(&format!("the issuer: the root key `data/root.key` is {open}"));
    set_mode(&root, 0o600);
    set_mode(&home.data().join("tokensmith.db"), 0o640);
    both(&store("data", &format!("the file is {open}")));
    set_mode(&home.data().join("tokensmith.db"), 0o600);

    std::fs::remove_file(&root).unwrap();
    both("the issuer: the root key `data/root.key` is missing");
    std::fs::write(&root, [7; 32]).unwrap();
    set_mode(&root, 0o600);
    both(&store(
        "data",
        "the root key does not fit the store, or the head of the store is damaged",
    ));
}

#[test]
fn apps_that_are_not_there() {
    let home = Home::new();
    let id = "appcl-00000000000000000000";
    for command in [&["list"][..], &["list", "--json"], &["disable", id], &["enable", id]] {
        let arguments = [&["apps"], command].concat();
        fails(&home, &arguments, "there is no store `tokensmith-data/tokensmith.db`");
        // To ask makes nothing.
        assert!(!home.path("tokensmith-data").exists());
    }
    home.create_app("x");
    fails(&home, &["apps", "disable", id, "--data", "data"], "there is no such app");
    fails(&home, &["apps", "enable", id, "--data", "data"], "there is no such app");
    for name in ["", "a\nb", &"n".repeat(129)] {
        fails(
            &home,
            &["apps", "create", "--json", "--name", name, "--data", "data"],
            "`name` must be 1 to 128 bytes without control characters",
        );
    }
}

#[test]
fn arguments_that_are_not_right() {
    let home = Home::new();
    for arguments in [
        &["--nonsense"][..],
        &["nonsense"],
        &["--listen", "nowhere"],
        &["--listen", "127.0.0.1"],
        &["--trusted-proxies", "-1"],
        &["--trusted-proxies", "many"],
        &["--max-connections", "0"],
        &["--log-format", "xml"],
        &["--data"],
        &["apps"],
        &["apps", "create"],
        &["apps", "disable"],
        &["apps", "disable", ""],
        &["apps", "rename", "x"],
    ] {
        let output = binary(arguments).current_dir(home.path(".")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["apps", "create", "--help"]] {
        let output = binary(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
}
