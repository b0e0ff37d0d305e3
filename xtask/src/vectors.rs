//! The vectors of the contract: whether they keep to their schema and to the published document, and
//! whether there are as many as there must be.

use std::fs;
use std::path::Path;

use tokensmith_testkit::vectors::check::check_all;
use tokensmith_testkit::vectors::{bucket, load_all, transcript};

const FEWEST: usize = 150;

/// Checks the corpus; true if all is well.
pub fn run(root: &Path) -> bool {
    let (folder, contract) =
        (root.join("tests/vectors"), root.join("docs/contract/token.openapi.json"));
    match check_all(&folder, &contract) {
        Ok(checked) => {
            println!(
                "{} cases with {} calls, {} files",
                checked.cases, checked.steps, checked.files
            );
            if checked.cases < FEWEST {
                println!("fewer than {FEWEST} cases");
            }
            checked.cases >= FEWEST
        }
        Err(faults) => {
            faults.iter().for_each(|fault| println!("{fault}"));
            println!("{} faults", faults.len());
            false
        }
    }
}

/// Writes what comes of every call in Rust, for the drivers of other languages to compare.
pub fn transcribe(root: &Path, file: &str) -> Result<bool, String> {
    let folder = root.join("tests/vectors");
    let subjects = load_all(&folder).map_err(|error| error.to_string())?;
    let buckets = bucket::load(&bucket::path(&folder)).map_err(|error| error.to_string())?;
    let text = transcript(&subjects, &buckets).map_err(|error| error.to_string())?;
    fs::write(file, &text).map_err(|error| format!("{file}: {error}"))?;
    println!("{} calls", text.lines().count());
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_right_and_none_is_not() {
        assert!(run(&crate::tree::root().unwrap()));
        assert!(!run(Path::new("nowhere")));
    }

    #[test]
    fn a_transcript_needs_a_corpus_and_a_place() {
        let root = crate::tree::root().unwrap();
        let file = std::env::temp_dir().join(format!("tokensmith-{}.jsonl", std::process::id()));
        let name = file.to_str().unwrap();
        assert_eq!(transcribe(&root, name), Ok(true));
        assert!(fs::read_to_string(name).unwrap().lines().count() > FEWEST);
        fs::remove_file(name).unwrap();
        assert!(transcribe(&root, "nowhere/transcript.jsonl").is_err());
        assert!(transcribe(Path::new("nowhere"), name).is_err());
    }
}
