//! Keys that the host gives by the environment and by files, to the server and to its commands alike.

use std::process::Command;

use crate::running::{App, Home, Server};
use crate::wire::ask_token;

const ROOT: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const PEPPER: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
const CONFIG: &str = r#"
authenticator.root_key_env = "TEST_ROOT"
authenticator.peppers = [{ id = 2, env = "TEST_PEPPER" }]
"#;

/// A command with the configuration; `keys` are in its environment.
fn command(home: &Home, keys: &[(&str, &str)], arguments: &[&str]) -> Command {
    let file = home.path("given.toml");
    std::fs::write(&file, CONFIG).unwrap();
    let mut command = home.command(arguments);
    command.arg("--config").arg(file).envs(keys.iter().copied());
    command
}

#[test]
fn keys_of_the_environment_are_used_and_never_written_down() {
    let home = Home::new();
    let keys = [("TEST_ROOT", ROOT), ("TEST_PEPPER", PEPPER)];
    let created = command(&home, &keys, &["apps", "create", "--json", "--name", "x"]).output();
    let created = created.unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    let app = App::read(&created.stdout).unwrap();
    let names: Vec<_> = std::fs::read_dir(home.data()).unwrap().map(|file| file.unwrap()).collect();
    assert!(names.iter().all(|file| file.file_name() != "root.key"), "{names:?}");

    let server = Server::start(command(&home, &keys, &["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(ask_token(server.address, &app.id, &app.secret).status, 200);
    drop(server);

    for (missing, line) in [
        (0, "the issuer: the root key in the environment variable `TEST_ROOT` is missing"),
        (
            1,
            "`authenticator.peppers`: pepper 2 in the environment variable `TEST_PEPPER` is missing",
        ),
    ] {
        let mut fewer = keys.to_vec();
        fewer.remove(missing);
        let output = command(&home, &fewer, &["apps", "list"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, format!("tokensmith-server: {line}\n"));
    }
    let short = [keys[0], ("TEST_PEPPER", &PEPPER[1..])];
    let output = command(&home, &short, &["apps", "list"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.ends_with("`TEST_PEPPER` is not 64 hexadecimal digits\n"), "{said}");
    assert!(!said.contains(&PEPPER[1..]), "a key is never shown");
}
