//! From a configuration and what the host brings to a service.

use std::fmt;
use std::sync::Arc;

use tokensmith::{
    Authenticator, BuildError, Clock, MemoryLimiter, NoObserver, Observer, Refresher,
    ResponseOptionsError, SlotsError, SystemClock, Timer, TokenService,
};
use tokensmith_issuer::{
    Admin, ClaimsSource, Issuer, IssuerSettings, KeyError, KeyName, OpenError, Signer,
};

use crate::config::{
    AuthenticatorConfig, ConfigError, IssuerConfig, LimiterConfig, LimitsConfig, ServiceConfig,
    StoreConfig,
};

/// What a host brings along: what no text can say.
#[derive(Clone)]
#[non_exhaustive]
pub struct Host {
    /// The host's own authenticator: there if and only if the configuration says
    /// `authenticator.kind = "host"`.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// Who hears what became of each call: nobody.
    pub observer: Arc<dyn Observer>,
    /// The clock: the operating system's.
    pub clock: Arc<dyn Clock>,
    /// What ends a call at its deadline.
    pub timer: Arc<dyn Timer>,
    /// What says which claims the issuer's access tokens have besides those of the apps' policies:
    /// nothing. There only if the configuration says `authenticator.kind = "issuer"`.
    pub claims: Option<Arc<dyn ClaimsSource>>,
    /// What signs the issuer's tokens in place of keys in its store: none. Of several the last is the one
    /// that is to sign ([`IssuerBuilder::signer`](tokensmith_issuer::IssuerBuilder::signer)).
    pub signers: Vec<Arc<dyn Signer>>,
}

impl Host {
    /// A host with a timer, and otherwise the defaults.
    pub fn new(timer: impl Timer + 'static) -> Self {
        Self {
            authenticator: None,
            observer: Arc::new(NoObserver),
            clock: Arc::new(SystemClock::new()),
            timer: Arc::new(timer),
            claims: None,
            signers: Vec::new(),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("authenticator", &self.authenticator.is_some())
            .field("clock", &self.clock)
            .field("timer", &self.timer)
            .field("claims", &self.claims.is_some())
            .field("signers", &self.signers.len())
            .finish_non_exhaustive()
    }
}

/// A service, and what belongs to it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Assembled {
    /// Answers requests.
    pub service: TokenService,
    /// The administration of the embedded issuer, if the configuration has one.
    pub issuer: Option<Admin>,
    /// That issuer itself, for errands that are given to the service.
    pub embedded: Option<Arc<Issuer>>,
}

/// Makes the service that a configuration describes.
///
/// # Errors
/// [`ConfigError`] names the key that is wrong, or the part that could not be made.
pub fn build(config: ServiceConfig, host: Host) -> Result<Assembled, ConfigError> {
    make(config, host, None)
}

/// Makes a service that takes the place of another in the same process, as
/// [`TokenServiceBuilder::succeeding`](tokensmith::TokenServiceBuilder::succeeding) has it: buckets and
/// marks go on, by the clock of the former. Whether the configuration may follow that of the former,
/// [`ServiceConfig::check_successor`] tells.
///
/// # Errors
/// As [`build`]; the former service is as it was.
pub fn rebuild(
    config: ServiceConfig,
    host: Host,
    before: &TokenService,
) -> Result<Assembled, ConfigError> {
    make(config, host, Some(before))
}

fn make(
    config: ServiceConfig,
    host: Host,
    before: Option<&TokenService>,
) -> Result<Assembled, ConfigError> {
    // All that can be judged by itself comes before the issuer is opened, which makes files.
    config.response.check().map_err(|error| key_of(error.into()))?;
    let memory = memory_limiter(config.limiter, &config.limits)?;
    let judge = judge(config.authenticator, config.store, &host)?;
    let mut builder = TokenService::builder(judge.authenticator);
    if let Some(refresher) = judge.refresher {
        builder = builder.refresher(refresher);
    }
    builder = builder.clock(host.clock);
    if let Some(before) = before {
        builder = builder.succeeding(before);
    }
    let service = builder
        .observer(host.observer)
        .deadline(config.deadline, host.timer)
        .limit_policy(config.limits.policy)
        .memory_limiter(memory)
        .marks(config.limits.marks)
        .max_in_flight(config.max_in_flight)
        .response(config.response)
        .build()
        .map_err(key_of)?;
    let issuer = judge.embedded.as_deref().map(Issuer::admin);
    Ok(Assembled { service, issuer, embedded: judge.embedded })
}

fn memory_limiter(
    limiter: LimiterConfig,
    limits: &LimitsConfig,
) -> Result<MemoryLimiter, ConfigError> {
    let LimiterConfig::Memory = limiter;
    if limits.policy.servers.get() > 1 {
        let problem = "more than 1, and a limiter of kind `memory` is not shared";
        return Err(ConfigError::at_key("limits.servers", problem));
    }
    MemoryLimiter::with_slots(limits.slots)
        .map_err(|error: SlotsError| ConfigError::at_key("limits.slots", error.to_string()))
}

/// Who judges credentials.
struct Judge {
    authenticator: Arc<dyn Authenticator>,
    refresher: Option<Arc<dyn Refresher>>,
    embedded: Option<Arc<Issuer>>,
}

fn judge(
    config: AuthenticatorConfig,
    store: Option<StoreConfig>,
    host: &Host,
) -> Result<Judge, ConfigError> {
    match (config, host.authenticator.clone(), store) {
        (AuthenticatorConfig::Host, ..) if host.claims.is_some() || !host.signers.is_empty() => {
            Err(ConfigError::at_key(
                "authenticator.kind",
                "`host`, and the host gave what only the issuer asks: a source of claims or a signer",
            ))
        }
        (AuthenticatorConfig::Host, Some(authenticator), None) => {
            Ok(Judge { authenticator, refresher: None, embedded: None })
        }
        (AuthenticatorConfig::Issuer(config), None, Some(store)) => issuer(*config, store, host),
        (AuthenticatorConfig::Host, None, _) => Err(ConfigError::at_key(
            "authenticator.kind",
            "`host`, and the host gave no authenticator",
        )),
        (AuthenticatorConfig::Issuer(_), Some(_), _) => Err(ConfigError::at_key(
            "authenticator.kind",
            "not `host`, and the host gave an authenticator of its own",
        )),
        (AuthenticatorConfig::Host, Some(_), Some(_)) => {
            Err(ConfigError::at_key("store", "the issuer's, and `authenticator.kind` is `host`"))
        }
        (AuthenticatorConfig::Issuer(_), None, None) => {
            Err(ConfigError::at_key("store.path", "missing, and the issuer needs a store"))
        }
    }
}

fn issuer(config: IssuerConfig, store: StoreConfig, host: &Host) -> Result<Judge, ConfigError> {
    let StoreConfig::Sqlite { path } = store;
    let mut settings = IssuerSettings::new(path);
    settings.root_key_file = config.root_key_file;
    settings.root_key_env = config.root_key_env;
    settings.peppers = config.peppers;
    settings.pepper_in_use = config.pepper_in_use;
    settings.refresh_keys = config.refresh_keys;
    settings.refresh_key_in_use = config.refresh_key_in_use;
    settings.audience = config.audience;
    if let Some(issuer) = config.issuer {
        settings.issuer = issuer;
    }
    settings.algorithm = config.algorithm.unwrap_or_default();
    settings.rotate_keys_every = config.rotate_keys_every;
    for (setting, given) in [
        (&mut settings.key_lead, config.key_lead),
        (&mut settings.token_life, config.token_life),
        (&mut settings.max_token_life, config.max_token_life),
        (&mut settings.refresh_idle_life, config.refresh_idle_life),
        (&mut settings.refresh_life, config.refresh_life),
        (&mut settings.refresh_grace, config.refresh_grace),
    ] {
        *setting = given.unwrap_or(*setting);
    }
    settings.verify_legacy_hashes =
        config.verify_legacy_hashes.unwrap_or(settings.verify_legacy_hashes);
    settings.completion_grid = config.completion_grid;
    settings.hashing_threads = config.hashing_threads.unwrap_or(settings.hashing_threads);
    let mut issuer = Issuer::builder(settings)
        .clock(Arc::clone(&host.clock))
        .observer(Arc::clone(&host.observer))
        .timer(Arc::clone(&host.timer));
    if let Some(claims) = &host.claims {
        issuer = issuer.claims(Arc::clone(claims));
    }
    for signer in &host.signers {
        issuer = issuer.signer(Arc::clone(signer));
    }
    let issuer = issuer.open().map_err(of_the_issuer)?;
    let issuer = Arc::new(issuer);
    let refresher = Some(Arc::clone(&issuer) as Arc<dyn Refresher>);
    let embedded = Some(Arc::clone(&issuer));
    Ok(Judge { authenticator: issuer, refresher, embedded })
}

/// The key that the issuer did not take, or why it cannot be opened.
fn of_the_issuer(error: OpenError) -> ConfigError {
    let setting = match &error {
        OpenError::Setting(setting) => setting,
        OpenError::Key(KeyError { key: KeyName::Pepper(_), .. }) => {
            return ConfigError::at_key("authenticator.peppers", error.to_string());
        }
        OpenError::Key(KeyError { key: KeyName::Refresh(_), .. }) => {
            return ConfigError::at_key("authenticator.refresh_keys", error.to_string());
        }
        _ => return ConfigError::of_part("the issuer", error),
    };
    let key = match setting.name {
        "store" => "store.path",
        "root_key_file" => "authenticator.root_key_file",
        "root_key_env" => "authenticator.root_key_env",
        "peppers" => "authenticator.peppers",
        "pepper_in_use" => "authenticator.pepper_in_use",
        "refresh_keys" => "authenticator.refresh_keys",
        "refresh_key_in_use" => "authenticator.refresh_key_in_use",
        "issuer" => "authenticator.issuer",
        "audience" => "authenticator.audience",
        "key_lead" => "authenticator.key_lead_seconds",
        "rotate_keys_every" => "authenticator.rotate_keys_every_days",
        "token_life" => "authenticator.token_seconds",
        "max_token_life" => "authenticator.max_token_seconds",
        "refresh_idle_life" => "authenticator.refresh_idle_seconds",
        "refresh_life" => "authenticator.refresh_seconds",
        "refresh_grace" => "authenticator.refresh_grace_seconds",
        "hashing_threads" => "authenticator.hashing_threads",
        "completion_grid" => "authenticator.completion_grid_microseconds",
        _ => return ConfigError::of_part("the issuer", error),
    };
    ConfigError::at_key(key, format!("not {}", setting.bounds))
}

/// The key that the service's builder did not take.
fn key_of(error: BuildError) -> ConfigError {
    let key = match &error {
        BuildError::Response(ResponseOptionsError::Scheme) => "response.scheme",
        BuildError::Response(ResponseOptionsError::Realm) => "response.realm",
        BuildError::Ipv6Prefix => "limits.ipv6_prefix",
        _ => return ConfigError::of_part("the service", error),
    };
    ConfigError::at_key(key, error.to_string())
}
