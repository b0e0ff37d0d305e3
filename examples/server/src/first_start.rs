//! The app that a first start makes, and what is said of it this once.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;
use tokensmith_assembly::{Admin, AdminError, CreatedApp};

/// The name of the app that a first start makes.
const DEMO: &str = "demo";

/// What a first start has to say could not be written. The app is there, and its secret is lost.
#[derive(Debug, Error)]
#[error(
    "cannot write to stdout; what was to be shown once is lost: make an app with `apps create`"
)]
pub(crate) struct NotShown(#[source] pub(crate) io::Error);

/// Makes the first app of a store that has none. A start that is cut short before it has shown the
/// secret leaves the app behind, and the next one makes no other.
pub(crate) fn demo(admin: &Admin) -> Result<Option<CreatedApp>, AdminError> {
    if admin.list_apps()?.is_empty() { admin.create_app(DEMO).map(Some) } else { Ok(None) }
}

/// Says where the server listens and, of a first app, its id, its secret and how to get a token.
pub(crate) fn announce(
    out: &mut impl Write,
    listening: SocketAddr,
    app: Option<&CreatedApp>,
) -> io::Result<()> {
    if let Some(app) = app {
        let (id, secret) = (&app.id, app.secret.expose_secret());
        writeln!(
            out,
            "The first start made an app named `{DEMO}`. Its secret is shown this once:"
        )?;
        writeln!(out, "\n  appClientId  {id}\n  appSecret    {secret}\n\nTo get a token:\n")?;
        writeln!(
            out,
            "  curl -sS {}/token -H 'content-type: application/json' \
             -d '{{\"appClientId\":\"{id}\",\"appSecret\":\"{secret}\"}}'\n",
            url(listening)
        )?;
    }
    writeln!(out, "listening on {}", url(listening))?;
    out.flush()
}

/// A URL by which this machine reaches the server.
fn url(listening: SocketAddr) -> String {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listening.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_reaches_the_server() {
        for (listening, reached) in [
            ("127.0.0.1:80", "http://127.0.0.1:80"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:8080", "http://[::1]:8080"),
            ("192.0.2.1:8080", "http://192.0.2.1:8080"),
        ] {
            assert_eq!(url(listening.parse().unwrap()), reached);
        }
    }
}
