//! A file has at most about 400 lines with its unit tests, a function at most about 50. A longer
//! file says why in its header; a longer function is told of.

use proc_macro2::Span;
use syn::visit::{self, Visit};

use super::Finding;
use crate::tree::{File, Tree};

const FILE: usize = 400;
const FUNCTION: usize = 50;
const REASON: &str = "//! Over 400 lines:";
const CODE: &[&str] =
    &[".rs", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".kt", ".swift", ".py"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let code = tree.files.iter().filter(|file| CODE.iter().any(|end| file.path.ends_with(end)));
    let mut found: Vec<Finding> = code.filter_map(length).collect();
    found.extend(tree.rust().flat_map(functions));
    found
}

fn length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    if lines <= FILE || file.is_generated() {
        return None;
    }
    let reason = file.text.lines().find_map(|line| line.strip_prefix(REASON)).map(str::trim);
    match reason {
        Some(reason) if !reason.is_empty() => {
            Some(Finding::note(&file.path, 0, format!("{lines} lines: {reason}")))
        }
        _ => Some(Finding::at(
            &file.path,
            0,
            format!("{lines} lines, and no `{REASON} …` in its header"),
        )),
    }
}

fn functions(file: &File) -> Vec<Finding> {
    let mut long = Long { path: &file.path, found: Vec::new() };
    match syn::parse_file(&file.text) {
        Ok(parsed) => long.visit_file(&parsed),
        Err(error) => long.found.push(Finding::at(&file.path, 0, format!("is no Rust: {error}"))),
    }
    long.found
}

struct Long<'a> {
    path: &'a str,
    found: Vec<Finding>,
}

impl Long<'_> {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = |span: Span| span.start().line;
        let (first, last) = (line(signature.fn_token.span), line(block.brace_token.span.close()));
        let lines = (last + 1).saturating_sub(first);
        if lines > FUNCTION {
            let text = format!("`{}` has {lines} lines", signature.ident);
            self.found.push(Finding::note(self.path, first, text));
        }
    }
}

impl<'ast> Visit<'ast> for Long<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.measure(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    #[test]
    fn a_file_over_the_line_needs_its_reason() {
        let of = |lines: usize, header: &str| {
            let text = format!("{header}\n{}", "// x\n".repeat(lines - 1));
            check(&Tree::of(&[("core/src/a.rs", &text)]))
        };
        assert!(of(400, "//! A.").is_empty());
        assert_eq!(breaches(&of(401, "//! A.")), ["core/src/a.rs:0"]);
        assert_eq!(breaches(&of(401, "//! Over 400 lines:")), ["core/src/a.rs:0"]);
        let told = of(401, "//! Over 400 lines: one table.");
        assert!(breaches(&told).is_empty() && told.len() == 1);
    }

    #[test]
    fn a_long_function_is_told_of_wherever_it_is() {
        let body = "x();\n".repeat(49);
        for text in [
            format!("fn f() {{\n{body}}}"),
            format!("struct S; impl S {{ fn f() {{\n{body}}} }}"),
            format!("trait T {{ fn f() {{\n{body}}} }}"),
        ] {
            let long = check(&Tree::of(&[("a.rs", &text)]));
            assert_eq!(
                long.iter().map(|f| f.text.as_str()).collect::<Vec<_>>(),
                ["`f` has 51 lines"]
            );
            assert!(breaches(&long).is_empty());
        }
        let short = "x();\n".repeat(48);
        assert!(check(&Tree::of(&[("a.rs", &format!("fn f() {{\n{short}}}"))])).is_empty());
    }

    #[test]
    fn what_is_no_rust_is_a_breach() {
        assert_eq!(breaches(&check(&Tree::of(&[("a.rs", "fn {")]))), ["a.rs:0"]);
    }
}
