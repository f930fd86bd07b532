//! The commands in the documentation and in the help are commands that the program takes.
use crate::process::motemq;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Returns the commands of a line as words, as a shell has them; what a redirection names is left
/// out.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut is_redirected = false;
    for char in line.chars().chain([' ']) {
        match (quote, char) {
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (Some(open), close) if open == close => quote = None,
            (Some(_), char) => word.get_or_insert_default().push(char),
            (None, ' ' | '|' | '>' | '<' | '&' | ';') => {
                if let Some(word) = word.take()
                    && !std::mem::take(&mut is_redirected)
                {
                    commands.last_mut().unwrap().push(word);
                }
                match char {
                    '|' | '&' | ';' => commands.push(Vec::new()),
                    '>' | '<' => is_redirected = true,
                    _ => {}
                }
            }
            // A comment.
            (None, '#') if word.is_none() => break,
            (None, char) => word.get_or_insert_default().push(char),
        }
    }
    commands.retain(|words| words.first().is_some_and(|first| first == "motemq"));
    commands
}

#[track_caller]
fn check(place: &str, line: &str) -> usize {
    let found = commands(line);
    for words in &found {
        let asks_for_help = words
            .iter()
            .any(|word| ["help", "--help", "-?"].contains(&&**word));
        if asks_for_help {
            motemq(&words[1..].iter().map(String::as_str).collect::<Vec<_>>()).well();
            continue;
        }
        let said = motemq_cli::check(words.iter().map(Into::into));
        // Its files are not here.
        let is_good = said.as_ref().is_ok()
            || said
                .as_ref()
                .is_err_and(|said| said.contains("cannot read"));
        assert!(is_good, "{place}: {line}: {said:?}");
    }
    found.len()
}

fn pages(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && !["target", ".git", "node_modules"].contains(&&*name.to_string_lossy())
        {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn the_commands_of_the_documentation_are_taken() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // A package holds the crate alone.
    if !top.join("ARCHITECTURE.md").exists() {
        return;
    }
    let mut found = Vec::new();
    for place in ["docs", "crates"] {
        pages(&top.join(place), &mut found);
    }
    found.push(top.join("README.md"));
    let mut count = 0;
    for page in found {
        let text = fs::read_to_string(&page).unwrap();
        for line in text.lines() {
            if let Some(line) = line.strip_prefix("$ ") {
                count += check(&page.display().to_string(), line);
            }
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn the_commands_of_the_help_are_taken() {
    let mut count = 0;
    let verbs = ["pub", "sub", "rr", "record", "replay"].into_iter();
    let verbs = verbs.chain(cfg!(feature = "bench").then_some("bench"));
    let verbs = verbs.chain(cfg!(feature = "watch").then_some("watch"));
    for verb in verbs.map(Some).chain([None]) {
        let text = motemq(&["help"].into_iter().chain(verb).collect::<Vec<_>>()).text();
        let examples = text.split("Examples:").nth(1).unwrap();
        let end = examples.find("\n\n").unwrap();
        for line in examples[..end].lines() {
            count += check("help", line.trim());
        }
    }
    assert!(count > 20, "{count}");
}
