//! `kill -9` at any time loses no app and no key.

use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::running::{App, Home, Server, becomes_so, published_kids};
use crate::wire::ask_token;

/// A time below `most`, another at each call.
fn some(most: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) as u32;
    most.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// Kills a process after a while, and gives what it had printed.
fn killed_after(mut child: Child, wait: Duration) -> Vec<u8> {
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut printed = Vec::new();
    child.stdout.unwrap().read_to_end(&mut printed).unwrap();
    printed
}

/// How long the work of a command takes here, to kill within it.
fn time_of(work: impl FnOnce()) -> Duration {
    let start = std::time::Instant::now();
    work();
    start.elapsed()
}

fn is_served(server: &Server, app: &App) -> bool {
    ask_token(server.address, &app.id, &app.secret).status == 200
}

#[test]
fn a_first_start_that_is_killed_is_taken_up() {
    let whole = time_of(|| drop(Home::new().start(&[])));
    let (mut shown, mut half_done) = (0, 0);
    for _ in 0..20 {
        let home = Home::new();
        let mut command = home.command(&["serve", "--listen", "127.0.0.1:0"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let printed = killed_after(child, some(whole + whole / 4));
        let demo = App::demo(&String::from_utf8(printed).unwrap());
        half_done += usize::from(home.data().exists() && demo.is_none());

        // A second kill, then a start that goes through.
        let mut command = home.command(&["serve", "--listen", "127.0.0.1:0"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let printed = killed_after(child, some(whole));
        let demo = demo.or_else(|| App::demo(&String::from_utf8(printed).unwrap()));

        let server = home.start_unlimited(&[]);
        let kids = published_kids(&server);
        assert_eq!(kids.len(), 1);
        // What was shown is good; what was made but not shown is there too, and only once.
        let apps = home.list_apps();
        assert_eq!(apps.len(), 1, "{apps:?}");
        assert_eq!(apps[0]["damaged"], false);
        if let Some(demo) = demo.or_else(|| App::demo(&server.said)) {
            shown += 1;
            assert_eq!(apps[0]["appClientId"], demo.id.as_str());
            assert!(is_served(&server, &demo));
        }
        server.killed();
        assert_eq!(published_kids(&home.start(&[])), kids);
    }
    println!("40 first starts killed, {half_done} half done, {shown} apps shown");
}

#[test]
fn an_app_that_was_shown_is_kept_when_its_maker_or_the_server_is_killed() {
    let home = Home::new();
    let mut kept = vec![home.create_app("first")];
    let whole = time_of(|| kept.push(home.create_app("second")));
    let mut kids = Vec::new();
    let mut shown = 0;
    for round in 0..6 {
        let server = home.start_unlimited(&[]);
        let makers: Vec<_> = (0..5)
            .map(|_| {
                let mut command = home.command(&["apps", "create", "--json", "--name", "more"]);
                let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
                let wait = some(whole * 4);
                std::thread::spawn(move || killed_after(child, wait))
            })
            .collect();
        std::thread::sleep(some(whole * 3));
        server.killed();
        for maker in makers {
            let app = App::read(&maker.join().unwrap());
            shown += usize::from(app.is_some());
            kept.extend(app);
        }

        let server = home.start_unlimited(&[]);
        for app in &kept {
            assert!(is_served(&server, app), "{round}: lost {}", app.id);
        }
        assert!(home.list_apps().iter().all(|app| app["damaged"] == false));
        if round == 0 {
            kids = published_kids(&server);
        }
        assert_eq!(published_kids(&server), kids);
        // An app that is made now comes into force: no lock was left behind.
        let new = home.create_app("after");
        assert!(becomes_so(Duration::from_secs(1), || is_served(&server, &new)));
        kept.push(new);
        server.killed();
    }
    println!("30 makers and 12 servers killed; {shown} of the makers had shown an app");
}
