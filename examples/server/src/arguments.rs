//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tokensmith::AppClientId;
use tokensmith_assembly::{Algorithm, Scope};

/// The reference server of Tokensmith: it answers `POST /token` with tokens of its own issuer.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "tokensmith-server", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer requests until SIGTERM or SIGINT.
    Serve(ServeArguments),
    /// Administer the apps, also while the server runs.
    Apps {
        #[command(subcommand)]
        apps: AppsCommand,
    },
    /// Administer the secrets of an app, also while the server runs.
    Secrets {
        #[command(subcommand)]
        secrets: SecretsCommand,
    },
    /// Administer the keys that sign access tokens, also while the server runs.
    Keys {
        #[command(subcommand)]
        keys: KeysCommand,
    },
    /// Revoke refresh tokens, also while the server runs.
    Tokens {
        #[command(subcommand)]
        tokens: TokensCommand,
    },
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,

    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// How many proxies of yours a request passes: its source is the N-th entry from the right of
    /// X-Forwarded-For. 0 takes the address of the connection.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) trusted_proxies: usize,

    /// How many connections may be open at once; more of them wait.
    #[arg(long, value_name = "N", default_value = "512")]
    pub(crate) max_connections: NonZeroUsize,

    /// Answer `POST /token/refresh` too, which redeems refresh tokens: the body's members are
    /// `appClientId`, `appSecret` and `refreshToken`.
    #[arg(long)]
    pub(crate) refresh_route: bool,

    /// Answer `POST /token/introspect` too, which tells an app what a token is (RFC 7662): a form with
    /// `token`, and the app's id and secret in it or in `Authorization: Basic`.
    #[arg(long)]
    pub(crate) introspection_route: bool,

    /// Answer `POST /token/revoke` too, by which an app revokes a refresh token of its own (RFC 7009):
    /// a form as that.
    #[arg(long)]
    pub(crate) revocation_route: bool,

    /// Answer `GET /metrics` at that address, in the text format of Prometheus: an address that callers
    /// do not reach.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics: Option<SocketAddr>,

    /// What is logged, in the syntax of the crate tracing-subscriber: a level, or
    /// `target=level,…`. Before it comes the variable RUST_LOG, then `info`.
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,

    /// How it is logged, to stderr.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of text an event.
    Text,
    /// An object of JSON an event.
    Json,
}

/// Where the apps and the keys are.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlaceArguments {
    /// The folder of the root key and the store, made when it is missing
    /// [default: ./tokensmith-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// The configuration, in TOML or, if its name ends so, in JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppsCommand {
    /// Make an app, and show its id and its secret this once.
    Create {
        /// What people call the app.
        #[arg(long)]
        name: String,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Import apps from JSON Lines, all of them or none. Each line is an object with `appClientId`, with
    /// either `appSecret` or `secretHash`, and perhaps with `name`.
    ///
    /// A secret is kept as Argon2id. A `secretHash` is a PHC string of that; or of bcrypt or PBKDF2 as Hydra,
    /// Spring, Zitadel and Django write it, where `authenticator.verify_legacy_hashes` is set.
    Import {
        /// The file; `-` is the standard input.
        file: PathBuf,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// List the apps.
    List {
        /// Print an array of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Show an app, and what its tokens say.
    Show {
        /// The app's id.
        #[arg(value_parser = AppClientId::new)]
        id: AppClientId,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Set what the tokens of an app say, from now on and at each refresh. What is not named stays.
    Set {
        /// The app's id.
        #[arg(value_parser = AppClientId::new)]
        id: AppClientId,
        #[command(flatten)]
        policy: PolicyArguments,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Refuse tokens to an app from now on. Access tokens that it has stay good until they expire.
    Disable {
        /// The app's id.
        #[arg(value_parser = AppClientId::new)]
        id: AppClientId,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Give tokens to a disabled app again.
    Enable {
        /// The app's id.
        #[arg(value_parser = AppClientId::new)]
        id: AppClientId,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Remove an app and its secrets. Access tokens that it has stay good until they expire.
    Delete {
        /// The app's id.
        #[arg(value_parser = AppClientId::new)]
        id: AppClientId,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
}

/// What the tokens of an app say.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct PolicyArguments {
    /// What access tokens allow: words with one space between two.
    #[arg(long, value_name = "WORDS", value_parser = Scope::parse)]
    pub(crate) scope: Option<Scope>,

    /// Whom access tokens are for; given more than once, for each of them.
    #[arg(long, value_name = "NAME")]
    pub(crate) audience: Vec<String>,

    /// Claims of access tokens besides: an object of JSON, or a file with one.
    #[arg(long, value_name = "JSON|FILE")]
    pub(crate) claims: Option<String>,

    /// How long access tokens are good for, from 60 to `max_token_seconds`.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) token_seconds: Option<u64>,

    /// Claims of an id token that comes beside: an object of JSON, which may be empty, or a file with
    /// one.
    #[arg(long, value_name = "JSON|FILE")]
    pub(crate) id_claims: Option<String>,

    /// What is said no more, so that the default is in force; it may be given more than once.
    #[arg(long, value_enum, value_name = "FIELD")]
    pub(crate) clear: Vec<PolicyField>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PolicyField {
    Scope,
    Audience,
    Claims,
    TokenSeconds,
    IdClaims,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Make a new secret for an app, and show it this once.
    Rotate {
        /// The app's id.
        #[arg(value_parser = AppClientId::new)]
        id: AppClientId,
        /// How long the former secret stays good, at most 90 days; 0 revokes it at once.
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
        overlap_seconds: u64,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// List the secrets of an app: their ids, ends and last uses.
    List {
        /// The app's id.
        #[arg(value_parser = AppClientId::new)]
        id: AppClientId,
        /// Print an array of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Let a secret be good no more, for ever.
    Revoke {
        /// The secret's id, as `secrets list` shows it; it is also the middle part of the secret.
        secret_id: String,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the keys, with their states.
    List {
        /// Print an array of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Make a key. It is published at once, and signs after `key_lead_seconds`.
    Rotate {
        /// ES256, EdDSA or RS256; without it as the latest key.
        #[arg(long, value_parser = algorithm)]
        algorithm: Option<Algorithm>,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Drop a key at once: one whose private half is known to others. Another signs then.
    Revoke {
        /// The key's id, as `keys list` shows it.
        kid: String,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// Refuse the refresh tokens of an app that were issued up to now, or of all apps. Access tokens
    /// stay good until they expire.
    Revoke {
        /// The app's id.
        #[arg(value_parser = AppClientId::new, required_unless_present = "all")]
        id: Option<AppClientId>,
        /// Those of all apps: after a backup was put back.
        #[arg(long, conflicts_with_all = ["id", "stdin"])]
        all: bool,
        /// Only the token on the standard input, and those that come before and after it.
        #[arg(long)]
        stdin: bool,
        /// Print an object of JSON and nothing else.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: PlaceArguments,
    },
}

fn algorithm(name: &str) -> Result<Algorithm, &'static str> {
    Algorithm::parse(name).ok_or("it must be ES256, EdDSA or RS256")
}
