//! The state of the view: the tree, what is selected, and what keys do to it.
use super::{
    list::List,
    payload::Form,
    tree::{Arrived, Tree},
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::SystemTime;

/// All that is shown.
#[derive(Debug, Default)]
pub struct App {
    pub tree: Tree,
    pub list: List,
    pub form: Form,
    /// The first line of the payload that is shown.
    pub scrolled: usize,
    /// The text of the filter.
    pub filter: String,
    /// Keys go into the filter.
    pub is_typing: bool,
    pub is_paused: bool,
    /// Messages that came while it was paused.
    pub passed: u64,
    /// Something to be said, until the next key.
    pub said: Option<String>,
    /// There are levels that the list does not have.
    is_outdated: bool,
}

/// Something that the state cannot do by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    End,
    /// Put this into the clipboard.
    Copy(Vec<u8>),
}

/// Up and down by a page.
const PAGE: isize = 20;

impl App {
    /// Takes a message.
    pub fn add(&mut self, message: &Arrived<'_>, at: SystemTime, second: u64) {
        if self.is_paused {
            self.passed += 1;
        } else {
            self.is_outdated |= self.tree.add(message, at, second);
        }
    }

    /// Brings the list up to date, before it is drawn.
    pub fn update(&mut self) {
        if std::mem::take(&mut self.is_outdated) {
            self.list.update(&self.tree);
        }
    }

    /// Does what a key says.
    pub fn on_key(&mut self, key: KeyEvent) -> Option<Action> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        self.said = None;
        self.update();
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(Action::End);
        }
        if self.is_typing {
            self.on_typed(key.code);
            return None;
        }
        let before = self.list.selected();
        let action = self.on_command(key.code);
        if self.list.selected() != before {
            self.scrolled = 0;
        }
        action
    }

    fn on_typed(&mut self, key: KeyCode) {
        match key {
            KeyCode::Char(char) => self.filter.push(char),
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Esc => {
                self.filter.clear();
                self.is_typing = false;
            }
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Up => self.list.step(-1),
            KeyCode::Down => self.list.step(1),
            _ => return,
        }
        self.list.set_filter(&self.filter, &self.tree);
    }

    fn on_command(&mut self, key: KeyCode) -> Option<Action> {
        match key {
            KeyCode::Char('q') => return Some(Action::End),
            KeyCode::Up | KeyCode::Char('k') => self.list.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.list.step(1),
            KeyCode::PageUp => self.list.step(-PAGE),
            KeyCode::PageDown => self.list.step(PAGE),
            KeyCode::Home => self.list.step(isize::MIN),
            KeyCode::End => self.list.step(isize::MAX),
            KeyCode::Right | KeyCode::Char('l') => self.list.open(&mut self.tree),
            KeyCode::Left | KeyCode::Char('h') => self.list.close(&mut self.tree),
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Esc => {
                self.filter.clear();
                self.list.set_filter("", &self.tree);
            }
            KeyCode::Char(' ' | 'p') => {
                self.is_paused = !self.is_paused;
                self.passed = 0;
            }
            KeyCode::Char('f') => (self.form, self.scrolled) = (self.form.next(), 0),
            KeyCode::Char('d') => self.scrolled += 5,
            KeyCode::Char('u') => self.scrolled = self.scrolled.saturating_sub(5),
            KeyCode::Char('c') => {
                let id = self.list.selected()?;
                let last = self.tree.level(id).last.as_ref()?;
                let (kept, length) = (last.payload.len(), last.length);
                self.said = Some(if kept as u64 == length {
                    format!("payload copied, {length} bytes")
                } else {
                    format!("only the first {kept} of {length} bytes were kept, and copied")
                });
                return Some(Action::Copy(last.payload.clone()));
            }
            KeyCode::Char('t') => {
                let topic = self.tree.path(self.list.selected()?);
                self.said = Some("topic copied".into());
                return Some(Action::Copy(topic.into_bytes()));
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
pub mod tests {
    use super::{super::tree::tests::to, *};

    fn press(app: &mut App, keys: &str) -> Option<Action> {
        let mut action = None;
        for char in keys.chars() {
            let code = match char {
                '>' => KeyCode::Right,
                '<' => KeyCode::Left,
                'v' => KeyCode::Down,
                '^' => KeyCode::Up,
                '\n' => KeyCode::Enter,
                '!' => KeyCode::Esc,
                '~' => KeyCode::Backspace,
                char => KeyCode::Char(char),
            };
            action = app.on_key(code.into());
        }
        action
    }

    /// Returns a view of these topics, with the topic as the payload.
    pub fn of(topics: &[&str]) -> App {
        let mut app = App::default();
        for topic in topics {
            app.add(&to(topic, topic), SystemTime::UNIX_EPOCH, 1);
        }
        app.update();
        app
    }

    fn selected(app: &App) -> String {
        app.list
            .selected()
            .map(|id| app.tree.path(id))
            .unwrap_or_default()
    }

    #[test]
    fn keys_walk_through_the_tree() {
        let mut app = of(&["a/b", "c"]);
        press(&mut app, "v");
        assert_eq!(selected(&app), "a/b");
        press(&mut app, "<<");
        assert_eq!((selected(&app), app.list.len()), ("a".into(), 2));
        press(&mut app, ">>");
        assert_eq!(selected(&app), "a/b");
        app.on_key(KeyCode::End.into());
        assert_eq!(selected(&app), "c");
        app.on_key(KeyCode::PageUp.into());
        assert_eq!(selected(&app), "a");
        assert_eq!(press(&mut app, "q"), Some(Action::End));
        let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(app.on_key(control), Some(Action::End));
    }

    #[test]
    fn a_filter_is_typed() {
        let mut app = of(&["a/b", "c", "q/x"]);
        // Letters are text now.
        assert_eq!(press(&mut app, "/qz"), None);
        assert_eq!(app.list.len(), 0);
        press(&mut app, "~");
        assert_eq!(app.list.len(), 2);
        press(&mut app, "\n");
        assert_eq!((&*app.filter, app.is_typing), ("q", false));
        press(&mut app, "!");
        assert_eq!((app.list.len(), app.filter.is_empty()), (5, true));
        press(&mut app, "/c!");
        assert!(!app.is_typing && app.filter.is_empty());
    }

    #[test]
    fn what_is_selected_is_copied() {
        let mut app = of(&["a/b"]);
        assert_eq!(press(&mut app, "t"), Some(Action::Copy(b"a".into())));
        // A level without a message of its own has no payload.
        assert_eq!(press(&mut app, "c"), None);
        assert_eq!(press(&mut app, "vc"), Some(Action::Copy(b"a/b".into())));
        assert!(app.said.as_ref().unwrap().contains("3 bytes"));
        press(&mut app, "v");
        assert_eq!(app.said, None);
        assert_eq!(press(&mut of(&[]), "c"), None);
        let mut message = to("long", "begin");
        message.length = 1000;
        let mut app = App::default();
        app.add(&message, SystemTime::UNIX_EPOCH, 1);
        assert_eq!(press(&mut app, "c"), Some(Action::Copy(b"begin".into())));
        assert!(app.said.unwrap().contains("first 5 of 1000 bytes"));
    }

    #[test]
    fn a_pause_holds_everything_still() {
        let mut app = of(&["a"]);
        press(&mut app, " ");
        app.add(&to("b", "x"), SystemTime::UNIX_EPOCH, 1);
        app.update();
        assert_eq!((app.list.len(), app.passed), (1, 1));
        press(&mut app, " ");
        app.add(&to("b", "x"), SystemTime::UNIX_EPOCH, 1);
        app.update();
        assert_eq!((app.list.len(), app.passed), (2, 0));
    }

    #[test]
    fn payloads_are_scrolled_from_their_beginning() {
        let mut app = of(&["a", "b"]);
        press(&mut app, "ddu");
        assert_eq!(app.scrolled, 5);
        press(&mut app, "f");
        assert_eq!((app.scrolled, app.form), (0, Form::Text));
        press(&mut app, "dv");
        assert_eq!(app.scrolled, 0);
    }
}
