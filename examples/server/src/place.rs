//! Where the apps and the keys are: the configuration, and the folder of the data.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tokensmith_assembly::{AuthenticatorConfig, ConfigError, ServiceConfig, StoreConfig};

use crate::arguments::PlaceArguments;

/// The folder of the data if nothing names another.
const DATA: &str = "tokensmith-data";

/// The store's file in that folder.
const STORE: &str = "tokensmith.db";

/// Why there is no place.
#[derive(Debug, Error)]
pub(crate) enum PlaceError {
    #[error("cannot read the configuration `{}`", .file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("the configuration `{}`", .file.display())]
    Wrong { file: PathBuf, source: ConfigError },
    #[error("the configuration has `store.path`, so `--data` cannot say where the store is")]
    SaidTwice,
    #[error("there is no store `{}`", .store.display())]
    NoStore { store: PathBuf },
}

impl PlaceArguments {
    /// The configuration, with the place of the store in it.
    pub(crate) fn config(&self) -> Result<ServiceConfig, PlaceError> {
        let mut config = match &self.config {
            Some(file) => read(file)?,
            None => ServiceConfig::default(),
        };
        match (&config.store, &self.data) {
            (Some(_), Some(_)) => return Err(PlaceError::SaidTwice),
            (Some(_), None) => {}
            (None, data) if matches!(config.authenticator, AuthenticatorConfig::Issuer(_)) => {
                let data = data.as_deref().unwrap_or(Path::new(DATA));
                config.store = Some(StoreConfig::Sqlite { path: data.join(STORE) });
            }
            (None, _) => {}
        }
        Ok(config)
    }

    /// The configuration of a store that must be there: a command that asks for apps makes none.
    pub(crate) fn config_of_store(&self) -> Result<ServiceConfig, PlaceError> {
        let config = self.config()?;
        match &config.store {
            Some(StoreConfig::Sqlite { path }) if !path.exists() => {
                Err(PlaceError::NoStore { store: path.clone() })
            }
            _ => Ok(config),
        }
    }
}

fn read(file: &Path) -> Result<ServiceConfig, PlaceError> {
    let text = fs::read_to_string(file)
        .map_err(|source| PlaceError::Unreadable { file: file.to_owned(), source })?;
    let is_json = file.extension().is_some_and(|extension| extension == "json");
    let read =
        if is_json { ServiceConfig::from_json(&text) } else { ServiceConfig::from_toml(&text) };
    read.map_err(|source| PlaceError::Wrong { file: file.to_owned(), source })
}
