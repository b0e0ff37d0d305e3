//! The repository as the chores see it: its text files and its packages. Made by hand in tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What a tool writes, and nobody reads.
const GENERATED: &[&str] = &[
    "bindings-node/native.js",
    "bindings-node/native.d.ts",
    "bindings-uniffi/kotlin/src/main/kotlin/dev/tokensmith/bridge/_bridge.kt",
    "bindings-uniffi/python/generated/_bridge.py",
    "bindings-uniffi/swift/Sources/TokensmithBridge/TokensmithBridge.swift",
];

/// All that the rules look at.
#[derive(Debug, Default)]
pub struct Tree {
    /// Every text file that git knows or would add.
    pub files: Vec<File>,
    /// The members of the workspace.
    pub packages: Vec<Package>,
}

/// A text file.
#[derive(Debug)]
pub struct File {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// Whether a tool wrote it.
    pub fn is_generated(&self) -> bool {
        GENERATED.contains(&self.path.as_str())
    }
}

/// A member of the workspace.
#[derive(Debug, Default)]
pub struct Package {
    /// As in its manifest.
    pub name: String,
    /// The path of its manifest from the root.
    pub manifest: String,
    /// Whether one sentence says what it is.
    pub described: bool,
    /// `MIT OR Apache-2.0`, or nothing.
    pub license: String,
    /// What it names in its manifest, also the optional ones.
    pub dependencies: Vec<Dependency>,
}

/// A direct dependency.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// As on the registry.
    pub name: String,
    /// Whether it is of this workspace.
    pub ours: bool,
    /// Whether only tests, examples and benchmarks see it.
    pub dev: bool,
}

impl Tree {
    /// Reads the repository.
    pub fn read() -> Result<Self, String> {
        let root = root()?;
        Ok(Self { files: files(&root)?, packages: packages(&root)? })
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }
}

/// The repository that holds this program's sources.
pub fn root() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().map_err(|e| format!("no repository: {e}"))
}

#[cfg(test)]
impl Tree {
    /// A repository of these files and no packages.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file =
            |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Self { files: files.iter().map(file).collect(), packages: Vec::new() }
    }
}

fn files(root: &Path) -> Result<Vec<File>, String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("`git ls-files` does not start: {e}"))?;
    if !listed.status.success() {
        return Err("`git ls-files` fails: tidy works on a clone of the repository".into());
    }
    let paths = String::from_utf8_lossy(&listed.stdout);
    // A file that is deleted but not yet committed, a link to a folder or a binary has no text.
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let file = |path: &str| read(path).map(|text| File { path: path.to_owned(), text });
    Ok(paths.split('\0').filter(|path| !path.is_empty()).filter_map(file).collect())
}

fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(|e| format!("`cargo metadata` fails: {e}"))?;
    let dependency = |d: &cargo_metadata::Dependency| Dependency {
        name: d.name.clone(),
        ours: d.path.is_some(),
        dev: d.kind == DependencyKind::Development,
    };
    let manifest =
        |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let package = |p: &cargo_metadata::Package| Package {
        name: p.name.to_string(),
        manifest: manifest(p.manifest_path.as_std_path()),
        described: p.description.as_ref().is_some_and(|text| !text.is_empty()),
        license: p.license.clone().unwrap_or_default(),
        dependencies: p.dependencies.iter().map(dependency).collect(),
    };
    Ok(metadata.packages.iter().map(package).collect())
}
