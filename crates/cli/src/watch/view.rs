//! The view, drawn.
use super::{app::App, list::Row, payload, tree::Last};
use jiff::{Timestamp, tz::TimeZone};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Borders, Paragraph, Sparkline, Wrap},
};

/// The things beside the tree that are shown.
pub struct Around<'a> {
    pub place: &'a str,
    /// The state of the connection, if there is none.
    pub trouble: Option<String>,
    /// Messages that were dropped, since this program did not keep up.
    pub skipped: u64,
    pub second: u64,
    pub zone: &'a TimeZone,
    pub has_colours: bool,
}

const KEYS: &str =
    " arrows move  / filter  space pause  f form  d u scroll  c copy payload  t copy topic  q quit";

impl Around<'_> {
    fn colour(&self, colour: Color) -> Style {
        if self.has_colours {
            Style::default().fg(colour)
        } else {
            Style::default()
        }
    }
}

/// Draws all of it.
pub fn draw(frame: &mut Frame<'_>, app: &mut App, around: &Around<'_>) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
    ]);
    let [top, middle, bottom] = rows.areas(frame.area());
    let columns = Layout::horizontal([Constraint::Percentage(58), Constraint::Min(20)]);
    let [left, right] = columns.areas(middle);
    title(frame, top, app, around);
    tree(frame, left, app, around);
    details(frame, right, app, around);
    foot(frame, bottom, app, around);
}

fn title(frame: &mut Frame<'_>, area: Rect, app: &App, around: &Around<'_>) {
    let reverse = Style::default().add_modifier(Modifier::REVERSED);
    let rate = app.tree.rate;
    let mut text = format!(
        " {}  {} topics  {} messages  {}/s",
        around.place,
        app.tree.topics(),
        rate.total,
        rate.per_second(around.second)
    );
    if around.skipped > 0 {
        text += &format!("  {} skipped", around.skipped);
    }
    if app.tree.without_room > 0 {
        text += &format!("  {} to topics not shown", app.tree.without_room);
    }
    if app.is_paused {
        text += &format!("  PAUSED, {} passed", app.passed);
    }
    frame.render_widget(Paragraph::new(text).style(reverse), area);
}

fn tree(frame: &mut Frame<'_>, area: Rect, app: &mut App, around: &Around<'_>) {
    let selected = app.list.selected();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let seen = app.list.visible(height).to_vec();
    let lines = seen.iter().map(|row| {
        let line = row_line(app, row, width, around);
        if Some(row.id) == selected {
            line.style(Style::default().add_modifier(Modifier::REVERSED))
        } else {
            line
        }
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

/// The columns of rate and count at the right, with a space before each.
const RATE: usize = 8;
const COUNT: usize = 9;

fn row_line<'a>(app: &App, row: &Row, width: usize, around: &Around<'_>) -> Line<'a> {
    let level = app.tree.level(row.id);
    let marker = match (app.tree.has_children(row.id), row.is_open) {
        (false, _) => "  ",
        (true, true) => "- ",
        (true, false) => "+ ",
    };
    let left = width.saturating_sub(RATE + COUNT + 1);
    let name = if level.name.is_empty() {
        "(empty)".into()
    } else {
        payload::line(level.name.as_bytes(), left)
    };
    let begin = format!("{}{marker}{name}", "  ".repeat(row.depth.min(40)));
    let begin = payload::line(begin.as_bytes(), left);
    let mut room = left.saturating_sub(payload::columns(&begin));
    let mut spans = vec![Span::raw(begin)];
    if let Some(last) = &level.last {
        let mark = if last.is_retained { " R" } else { "" };
        if !mark.is_empty() && room >= 2 {
            spans.push(Span::styled(mark, around.colour(Color::Yellow)));
            room -= 2;
        }
        if room > 2 {
            let shown = payload::line(&last.payload, room - 2);
            room -= payload::columns(&shown) + 2;
            spans.push(Span::styled(
                format!("  {shown}"),
                around.colour(Color::Cyan),
            ));
        }
    }
    let rate = match level.rate.per_second(around.second) {
        0 => String::new(),
        rate => format!("{rate}/s"),
    };
    let total = level.rate.total;
    let end = format!("{}{rate:>RATE$}{total:>COUNT$} ", " ".repeat(room));
    spans.push(Span::raw(end));
    Line::from(spans)
}

fn details(frame: &mut Frame<'_>, area: Rect, app: &mut App, around: &Around<'_>) {
    let block = Block::default().borders(Borders::LEFT);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(id) = app.list.selected() else {
        let words = if app.tree.topics() == 0 {
            "no message has come yet"
        } else {
            "no topic contains the filter"
        };
        frame.render_widget(Paragraph::new(words), inner);
        return;
    };
    let level = app.tree.level(id);
    let bold = Style::default().add_modifier(Modifier::BOLD);
    let path = payload::line(app.tree.path(id).as_bytes(), 1000);
    let per_second = level.rate.per_second(around.second);
    let all = format!(
        "{} messages here and below, {per_second}/s",
        level.rate.total
    );
    let mut lines = vec![Line::styled(path, bold), Line::raw(all)];
    let Some(last) = &level.last else {
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
        return;
    };
    lines.push(Line::raw(about(last, around.zone)));
    let width = usize::from(inner.width).max(1);
    let head = lines
        .iter()
        .map(|line| line.width().max(1).div_ceil(width))
        .sum::<usize>();
    let rows = Layout::vertical([
        Constraint::Length(u16::try_from(head).unwrap_or(u16::MAX)),
        Constraint::Length(4),
        Constraint::Min(1),
    ]);
    let [top, middle, bottom] = rows.areas(inner);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), top);
    history(frame, middle, last, around);
    let mut title = format!(" payload, {} ", app.form.name());
    if (last.payload.len() as u64) < last.length {
        title += &format!("of the first {} bytes ", last.payload.len());
    }
    let block = Block::default().borders(Borders::TOP).title(title);
    let shown = payload::broken(payload::lines(&last.payload, app.form), width);
    let first = app.scrolled.min(shown.len().saturating_sub(1));
    app.scrolled = first;
    let seen = shown.into_iter().skip(first).take(bottom.height.into());
    let lines: Vec<_> = seen.map(Line::raw).collect();
    frame.render_widget(Paragraph::new(lines).block(block), bottom);
}

fn about(last: &Last, zone: &TimeZone) -> String {
    let at = Timestamp::try_from(last.at).unwrap_or_default();
    let at = at
        .to_zoned(zone.clone())
        .strftime("%H:%M:%S.%3f")
        .to_string();
    let retained = if last.is_retained { ", retained" } else { "" };
    let (qos, length, count) = (last.qos, last.length, last.count);
    format!("{at}, QoS {qos}{retained}, {length} bytes, message {count}")
}

/// Draws the last values, or the messages a second where payloads are no numbers.
fn history(frame: &mut Frame<'_>, area: Rect, last: &Last, around: &Around<'_>) {
    let (mut bars, title) = match last.history.values() {
        Some((parts, low, high)) => {
            // The lowest one can be seen, too.
            let parts = parts.iter().map(|part| part + 60).collect();
            (parts, format!(" last values, {low} to {high} "))
        }
        None => {
            let counts: Vec<u64> = last.history.counts(around.second);
            let most = counts.iter().max().copied().unwrap_or_default();
            (counts, format!(" messages a second, at most {most} "))
        }
    };
    let width = usize::from(area.width);
    if bars.len() > width {
        bars.drain(..bars.len() - width);
    }
    let block = Block::default().borders(Borders::TOP).title(title);
    let line = Sparkline::default()
        .block(block)
        .data(bars)
        .style(around.colour(Color::Green));
    frame.render_widget(line, area);
}

fn foot(frame: &mut Frame<'_>, area: Rect, app: &App, around: &Around<'_>) {
    let text = if app.is_typing {
        format!(" filter: {}_  Enter keeps it, Esc clears it", app.filter)
    } else if let Some(trouble) = &around.trouble {
        format!(" {trouble}")
    } else if let Some(said) = &app.said {
        format!(" {said}")
    } else if !app.filter.is_empty() {
        format!(" filter: {}  {KEYS}", app.filter)
    } else {
        KEYS.into()
    };
    let text = payload::line(text.as_bytes(), usize::from(area.width));
    frame.render_widget(Paragraph::new(text), area);
}

#[cfg(test)]
mod tests {
    use super::{super::app::tests::of, *};
    use ratatui::{Terminal, backend::TestBackend};

    fn shown(app: &mut App, width: u16, height: u16) -> String {
        let zone = TimeZone::UTC;
        let around = Around {
            place: "broker:1883",
            trouble: None,
            skipped: 7,
            second: 2,
            zone: &zone,
            has_colours: true,
        };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, app, &around)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn all_parts_are_on_the_screen() {
        let mut app = of(&["home/kitchen", "home/\u{1b}[2J", "plant"]);
        app.list.step(2);
        let screen = shown(&mut app, 100, 20);
        for words in [
            "broker:1883  3 topics  3 messages  3/s  7 skipped",
            "- home ",
            "kitchen  home/kitchen",
            "\\x1b[2J",
            "00:00:00.000, QoS 0, 12 bytes, message 1",
            "messages a second, at most 1",
            "payload, auto",
            "q quit",
        ] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
    }

    /// Rate and count stay where they are, and the end of a long line can be reached.
    #[test]
    fn wide_characters_and_long_lines_are_shown() {
        let mut app = of(&["温度/计计计计计计计计计计计计计计计计计计计计计计计计"]);
        let screen = shown(&mut app, 80, 12);
        assert!(screen.contains("1/s        1"), "{screen}");
        let long = format!("{}END", "x".repeat(3000));
        let mut message = super::super::tree::tests::to("a", &long);
        message.length = 5000;
        let mut app = App::default();
        app.add(&message, std::time::SystemTime::UNIX_EPOCH, 1);
        app.update();
        let screen = shown(&mut app, 100, 20);
        assert!(screen.contains("auto of the first 3003 bytes"), "{screen}");
        assert!(!screen.contains("END"), "{screen}");
        app.scrolled = usize::MAX - 5;
        let screen = shown(&mut app, 100, 20);
        assert!(screen.contains("END"), "{screen}");
        assert_eq!(app.scrolled, 3003_usize.div_ceil(41) - 1);
    }

    #[test]
    fn no_size_is_too_small() {
        let mut app = of(&["a/b/c/d/e", "ä/ö"]);
        app.filter = "b".into();
        for (width, height) in [(1, 1), (2, 9), (30, 2), (17, 5), (200, 60), (1, 100)] {
            for _ in 0..6 {
                shown(&mut app, width, height);
                app.list.step(1);
            }
        }
        shown(&mut of(&[]), 40, 8);
    }
}
