//! The vectors of the contract: whether they keep to their schema and to the published document, and
//! whether there are as many as there must be.

use std::path::Path;

use tokensmith_testkit::vectors::check::check_all;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_right_and_none_is_not() {
        assert!(run(&crate::tree::root().unwrap()));
        assert!(!run(Path::new("nowhere")));
    }
}
