//! The sums of the pages about mutants.
use super::record::Figures;
use crate::programs::workspace;
use std::fs;

/// The page about the core, and that about the managed client.
const PAGES: [&str; 2] = ["mutants.md", "mutants-client.md"];

/// Adds up the tables whose head names `mutants` and `caught`.
///
/// # Errors
/// A page has no such table.
pub fn sums() -> Result<Figures, String> {
    let mut all = String::new();
    for page in PAGES {
        let text = fs::read_to_string(workspace().join("docs").join(page))
            .map_err(|error| format!("cannot read docs/{page}: {error}"))?;
        if add(&text).is_empty() {
            return Err(format!("docs/{page} has no table of mutants"));
        }
        all += &text;
    }
    Ok(add(&all))
}

fn add(text: &str) -> Figures {
    let mut sums = Figures::new();
    let mut head = Vec::new();
    for line in text.lines() {
        let cells: Vec<_> = line
            .trim()
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        if !line.starts_with('|') {
            head.clear();
        } else if head.is_empty() {
            head = cells;
        } else if head.contains(&"mutants")
            && head.contains(&"caught")
            && !cells.contains(&"**all**")
        {
            for (name, number) in head.iter().zip(cells) {
                if let Ok(number) = number.parse::<u64>() {
                    let sum = sums
                        .get(*name)
                        .and_then(serde_json::Value::as_u64)
                        .unwrap_or_default();
                    sums.insert((*name).to_owned(), (sum + number).into());
                }
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::add;

    #[test]
    fn columns_are_added_up() {
        let sums = add(
            "| file | mutants | caught |\n| --- | ---: | ---: |\n| `a` | 5 | 4 |\n| `b` | 7 | 7 |\n\n| mutant | why |\n| - | - |\n| 3 | 4 |\n",
        );
        assert_eq!(
            serde_json::Value::from(sums),
            serde_json::json!({ "mutants": 12, "caught": 11 })
        );
    }
}
