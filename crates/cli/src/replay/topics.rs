//! The topics of a recording below another one.

/// A change of the beginning of topics.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Renaming {
    strip: Vec<String>,
    prefix: Option<String>,
}

impl Renaming {
    /// Makes one that first removes these levels, and then puts those before.
    pub fn new(strip: Option<&str>, prefix: Option<&str>) -> Self {
        let levels = |text: &str| without_end(text).split('/').map(Into::into).collect();
        Renaming {
            strip: strip.map(levels).unwrap_or_default(),
            prefix: prefix.map(|prefix| without_end(prefix).into()),
        }
    }

    /// Returns the topic that a recorded one becomes. At least one level of it stays.
    pub fn rename(&self, topic: &str) -> String {
        let levels: Vec<_> = topic.split('/').collect();
        let count = self.strip.len();
        let is_below = levels.len() > count && levels[..count] == self.strip;
        let rest = if is_below { &levels[count..] } else { &levels };
        let rest = rest.join("/");
        match &self.prefix {
            Some(prefix) => format!("{prefix}/{rest}"),
            None => rest,
        }
    }
}

/// Whether a slash ends a prefix makes no difference.
fn without_end(levels: &str) -> &str {
    levels.strip_suffix('/').unwrap_or(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_put_before_and_removed() {
        for (strip, prefix, topic, wanted) in [
            (None, None, "a/b", "a/b"),
            (None, Some("test"), "a/b", "test/a/b"),
            (None, Some("test/"), "/a", "test//a"),
            (Some("a"), None, "a/b", "b"),
            (Some("a/"), Some("x/y"), "a/b/c", "x/y/b/c"),
            (Some("a/b"), Some("x"), "a/b/c", "x/c"),
            // Those that are not below it, or are nothing else, stay.
            (Some("a"), Some("x"), "ab/c", "x/ab/c"),
            (Some("a"), Some("x"), "a", "x/a"),
            (Some(""), None, "/a", "a"),
        ] {
            let renaming = Renaming::new(strip, prefix);
            assert_eq!(renaming.rename(topic), wanted, "{strip:?} {prefix:?}");
        }
    }
}
