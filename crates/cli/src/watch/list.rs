//! The rows of a tree that can be seen, and which of them is selected.
use super::tree::{Id, Tree};

/// A row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    pub id: Id,
    pub depth: usize,
    /// Rows below it are shown.
    pub is_open: bool,
}

/// The rows of a tree: those of open levels, or those that a filter leaves.
#[derive(Debug, Default)]
pub struct List {
    rows: Vec<Row>,
    selected: Option<Id>,
    /// The row of the selected level.
    at: usize,
    /// The first row on the screen.
    top: usize,
    /// In small letters.
    filter: String,
}

impl List {
    /// Makes the rows anew, after levels or the filter have changed. What was selected stays so, or
    /// the nearest level above it is.
    pub fn update(&mut self, tree: &Tree) {
        self.rows.clear();
        let first: Vec<_> = tree.children(None).collect();
        for id in first {
            let mut path = String::new();
            self.collect(tree, id, 0, &mut path);
        }
        let mut wanted = self.selected;
        loop {
            let found = wanted.and_then(|id| self.rows.iter().position(|row| row.id == id));
            match (found, wanted) {
                (Some(at), _) => break self.at = at,
                (None, Some(id)) => wanted = tree.level(id).parent,
                (None, None) => break self.at = self.at.min(self.rows.len().saturating_sub(1)),
            }
        }
        self.selected = self.rows.get(self.at).map(|row| row.id);
    }

    /// Adds the rows of a level and those below, if the filter leaves any.
    fn collect(&mut self, tree: &Tree, id: Id, depth: usize, path: &mut String) -> bool {
        let level = tree.level(id);
        let length = path.len();
        path.push_str(&level.name);
        let is_filtered = !self.filter.is_empty();
        let matches =
            !is_filtered || level.last.is_some() && path.to_lowercase().contains(&self.filter);
        let index = self.rows.len();
        let has_children = tree.has_children(id);
        let is_open = has_children && (level.is_open || is_filtered);
        self.rows.push(Row { id, depth, is_open });
        let mut is_left = matches;
        if is_open {
            path.push('/');
            for child in tree.children(Some(id)) {
                is_left |= self.collect(tree, child, depth + 1, path);
            }
        }
        if !is_left {
            self.rows.truncate(index);
        }
        path.truncate(length);
        is_left
    }

    /// Leaves only topics that contain this text, whatever the case; all, if it is empty.
    pub fn set_filter(&mut self, text: &str, tree: &Tree) {
        self.filter = text.to_lowercase();
        self.update(tree);
    }

    pub fn selected(&self) -> Option<Id> {
        self.selected
    }

    /// Returns the place of the selected row among all.
    #[cfg(test)]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Returns the number of rows.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Selects the row that is `rows` below the selected one, or above it if negative.
    pub fn step(&mut self, rows: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(rows).min(last);
        self.selected = self.rows.get(self.at).map(|row| row.id);
    }

    /// Opens the selected level; if it is open, selects the first one below.
    pub fn open(&mut self, tree: &mut Tree) {
        let Some(&Row { id, is_open, .. }) = self.rows.get(self.at) else {
            return;
        };
        if is_open {
            self.step(1);
        } else if tree.has_children(id) {
            tree.set_open(id, true);
            self.update(tree);
        }
    }

    /// Closes the selected level; if it is closed, selects the one above.
    pub fn close(&mut self, tree: &mut Tree) {
        let Some(&Row { id, is_open, .. }) = self.rows.get(self.at) else {
            return;
        };
        if is_open && self.filter.is_empty() {
            tree.set_open(id, false);
        } else if let Some(parent) = tree.level(id).parent {
            self.selected = Some(parent);
        }
        self.update(tree);
    }

    /// Returns the rows on a screen of this height, with the selected one among them.
    pub fn visible(&mut self, height: usize) -> &[Row] {
        let height = height.max(1);
        let highest = self.at.saturating_sub(height - 1);
        let lowest = self.rows.len().saturating_sub(height);
        self.top = self.top.clamp(highest, self.at).min(lowest.max(highest));
        let end = self.rows.len().min(self.top + height);
        &self.rows[self.top..end]
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tree::tests::add, *};
    use std::collections::BTreeSet;

    fn paths(list: &List, tree: &Tree) -> Vec<String> {
        list.rows.iter().map(|row| tree.path(row.id)).collect()
    }

    fn of(topics: &[&str]) -> (Tree, List) {
        let (mut tree, mut list) = (Tree::default(), List::default());
        for topic in topics {
            add(&mut tree, topic);
        }
        list.update(&tree);
        (tree, list)
    }

    #[test]
    fn levels_open_and_close() {
        let (mut tree, mut list) = of(&["a/x", "a/y/z", "b"]);
        assert_eq!(paths(&list, &tree), ["a", "a/x", "a/y", "a/y/z", "b"]);
        list.close(&mut tree);
        assert_eq!(paths(&list, &tree), ["a", "b"]);
        list.open(&mut tree);
        list.open(&mut tree);
        assert_eq!(list.selected().map(|id| tree.path(id)).unwrap(), "a/x");
        list.step(2);
        assert_eq!(list.selected().map(|id| tree.path(id)).unwrap(), "a/y/z");
        list.close(&mut tree);
        assert_eq!(list.selected().map(|id| tree.path(id)).unwrap(), "a/y");
        // It was open, and is closed now.
        list.close(&mut tree);
        assert_eq!(paths(&list, &tree), ["a", "a/x", "a/y", "b"]);
        list.step(100);
        assert_eq!(list.selected().map(|id| tree.path(id)).unwrap(), "b");
        list.step(-100);
        assert_eq!(list.at(), 0);
    }

    #[test]
    fn the_selection_stays_when_rows_come() {
        let (mut tree, mut list) = of(&["m"]);
        let selected = list.selected();
        for topic in ["a", "z", "b/c"] {
            add(&mut tree, topic);
            list.update(&tree);
            assert_eq!(list.selected(), selected);
        }
        assert_eq!(list.at(), 3);
    }

    #[test]
    fn a_filter_leaves_what_contains_it() {
        let (mut tree, mut list) = of(&["home/Kitchen/lamp", "home/hall", "plant/kitchen"]);
        list.set_filter("KITCHEN", &tree);
        let wanted = [
            "home",
            "home/Kitchen",
            "home/Kitchen/lamp",
            "plant",
            "plant/kitchen",
        ];
        assert_eq!(paths(&list, &tree), wanted);
        list.set_filter("hall", &tree);
        assert_eq!(paths(&list, &tree), ["home", "home/hall"]);
        list.close(&mut tree);
        list.set_filter("none", &tree);
        assert!(list.selected().is_none() && list.len() == 0);
        list.open(&mut tree);
        list.step(1);
        assert!(list.visible(5).is_empty());
        list.set_filter("", &tree);
        assert_eq!(list.len(), 6);
    }

    /// The rows are those that a simple list of all topics has, in order, after any steps, and the
    /// selected one can be seen.
    #[test]
    fn rows_are_right_after_any_sequence_of_steps() {
        for seed in 0..60 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut tree, mut list) = of(&[]);
            let mut topics = BTreeSet::new();
            let mut filter = String::new();
            for _ in 0..300 {
                match random.u8(..8) {
                    0..3 => {
                        let levels = (0..random.usize(1..4)).map(|_| random.u8(..4).to_string());
                        let topic = levels.collect::<Vec<_>>().join("/");
                        assert_eq!(add(&mut tree, &topic), topics.insert(topic));
                        list.update(&tree);
                    }
                    3 => list.open(&mut tree),
                    4 => list.close(&mut tree),
                    5 => list.step(random.isize(-5..6)),
                    6 => {
                        filter = random.choice(["", "", "1", "2/", "3/1"]).unwrap().into();
                        list.set_filter(&filter, &tree);
                    }
                    _ => {
                        let height = random.usize(..6);
                        let selected = list.selected();
                        let seen = list.visible(height).to_vec();
                        assert!(seen.len() <= height.max(1));
                        let is_seen = seen.iter().any(|row| Some(row.id) == selected);
                        assert_eq!(is_seen, selected.is_some(), "seed {seed}");
                    }
                }
                let rows = paths(&list, &tree);
                let mut wanted = BTreeSet::new();
                for topic in topics.iter().filter(|topic| topic.contains(&filter)) {
                    let levels: Vec<_> = topic.split('/').collect();
                    let path = |n: usize| levels[..n].join("/");
                    for n in 1..=levels.len() {
                        wanted.insert(path(n).split('/').map(String::from).collect::<Vec<_>>());
                        let id = list_id(&tree, &path(n));
                        if filter.is_empty() && !tree.level(id).is_open {
                            break;
                        }
                    }
                }
                let wanted: Vec<_> = wanted.into_iter().map(|levels| levels.join("/")).collect();
                assert_eq!(rows, wanted, "seed {seed}");
                assert_eq!(list.selected().is_some(), !rows.is_empty());
            }
        }
    }

    fn list_id(tree: &Tree, path: &str) -> Id {
        let mut id = None;
        for name in path.split('/') {
            let mut children = tree.children(id);
            id = children.find(|&child| &*tree.level(child).name == name);
        }
        id.unwrap()
    }
}
