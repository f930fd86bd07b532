//! The files and the metadata that a package must have.
use super::archives::{Package, text};
use std::fs;

/// crates.io takes no larger archive.
const LARGEST: u64 = 10 << 20;

/// Files at the top of each package.
const FILES: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Looks at all packages.
///
/// # Errors
/// The files and entries that are missing or would not be accepted, a line for each.
pub fn check(packages: &[Package]) -> Result<(), String> {
    let findings: Vec<_> = packages.iter().flat_map(findings).collect();
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings.join("\n"))
    }
}

fn findings(package: &Package) -> Vec<String> {
    let mut findings = Vec::new();
    let mut find = |what: String| findings.push(format!("{}: {what}", package.name));
    for file in FILES {
        if !package.unpacked.join(file).is_file() {
            find(format!("no {file} in the archive"));
        }
    }
    if package.size > LARGEST {
        find(format!("the archive has {} bytes", package.size));
    }
    for key in ["description", "license", "repository", "rust_version"] {
        if text(&package.metadata, key).is_empty() {
            find(format!("no {key}"));
        }
    }
    for key in ["keywords", "categories"] {
        let words = package.metadata[key].as_array().cloned();
        let words = words.unwrap_or_default();
        if !(1..=5).contains(&words.len()) {
            find(format!("{} {key}, where 1 to 5 are allowed", words.len()));
        }
        let word = words.iter().filter_map(|word| word.as_str());
        if let Some(word) = word.filter(|_| key == "keywords").find(|w| w.len() > 20) {
            find(format!("the keyword {word} is longer than 20 characters"));
        }
    }
    if package.metadata["metadata"]["docs"]["rs"]["all-features"] != true {
        find("docs.rs would not show all features".into());
    }
    let readme = fs::read_to_string(package.unpacked.join("README.md")).unwrap_or_default();
    for link in relative_links(&readme) {
        find(format!("the README links to {link}, which crates.io lacks"));
    }
    findings
}

/// Returns the targets of links that are neither addresses nor parts of the page.
fn relative_links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| {
        let target = rest.split_once(')')?.0;
        let is_relative = !target.contains("://") && !target.starts_with('#');
        is_relative.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::PathBuf;

    #[test]
    fn what_a_package_lacks_is_found() {
        let package = Package {
            name: "a".into(),
            source: "crates/a".into(),
            unpacked: PathBuf::from("/nowhere"),
            size: LARGEST + 1,
            metadata: json!({
                "description": "A", "license": "MIT", "repository": "https://example.org",
                "keywords": ["a-keyword-of-more-than-20"], "categories": [],
            }),
        };
        let found = findings(&package).join("\n");
        assert_eq!(found.lines().count(), FILES.len() + 5, "{found}");
        assert!(
            found.contains("a: no LICENSE-MIT in the archive"),
            "{found}"
        );
        assert!(found.contains("no rust_version"), "{found}");
    }

    #[test]
    fn links_that_crates_io_lacks_are_found() {
        let page = "[a](https://example.org) [b](#b) [c](docs/c.md) [d](c.md#d)";
        assert_eq!(
            relative_links(page).collect::<Vec<_>>(),
            ["docs/c.md", "c.md#d"]
        );
    }
}
