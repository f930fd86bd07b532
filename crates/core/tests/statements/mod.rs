//! The statements of a standard and the tests for them, and the bytes of packets.
use std::collections::{BTreeMap, BTreeSet};

/// The statements of a table, and whom they bind.
pub fn roles(table: &str) -> BTreeMap<&str, &str> {
    let lines = table.lines().skip(1);
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            (columns.next().unwrap(), columns.next().unwrap())
        })
        .collect()
}

/// The names of the tests in a source text, as statements: `mqtt_3_3_1_2` is MQTT-3.3.1-2, and
/// `u_2_2_2_1` is U-2.2.2-1.
fn tested(source: &str) -> impl Iterator<Item = String> {
    let mut lines = source.lines();
    std::iter::from_fn(move || {
        lines.by_ref().find(|line| *line == "#[test]")?;
        lines.by_ref().find_map(|line| {
            line.strip_prefix("fn ")?
                .split_once('(')
                .map(|(name, _)| name.to_owned())
        })
    })
    .filter_map(|name| {
        let (kind, number) = name.split_once('_')?;
        let (section, number) = number.rsplit_once('_')?;
        let kind = ["mqtt", "u"].contains(&kind).then(|| kind.to_uppercase())?;
        Some(format!("{kind}-{}-{number}", section.replace('_', ".")))
    })
}

/// Each bound statement has one test in the sources, or a reason; there is no test and no reason
/// for anything else.
pub fn check(
    roles: &BTreeMap<&str, &str>,
    bound: &[&str],
    sources: &[&str],
    elsewhere: &[(&str, &str)],
) {
    let tests: Vec<String> = sources.iter().flat_map(|source| tested(source)).collect();
    let unique: BTreeSet<&str> = tests.iter().map(String::as_str).collect();
    assert_eq!(unique.len(), tests.len(), "a statement has two tests");
    let elsewhere: BTreeSet<&str> = elsewhere.iter().map(|&(statement, _)| statement).collect();
    for statement in unique.iter().chain(&elsewhere) {
        assert!(
            roles.contains_key(statement),
            "{statement} is no statement of the standard"
        );
    }
    assert!(
        unique.is_disjoint(&elsewhere),
        "tested here and decided elsewhere"
    );
    for statement in bound {
        assert!(
            unique.contains(statement) || elsewhere.contains(statement),
            "{statement} has neither a test nor a reason"
        );
    }
    let mut count = BTreeMap::<&str, (u32, u32, u32)>::new();
    for (statement, role) in roles {
        let (all, here, there) = count.entry(role).or_default();
        *all += 1;
        *here += u32::from(unique.contains(statement));
        *there += u32::from(elsewhere.contains(statement));
        assert!(
            matches!(*role, "client" | "server" | "both" | "codec"),
            "{statement} binds {role}?"
        );
    }
    for (role, (all, here, there)) in count {
        println!("{role}: {all} statements, {here} tested, {there} decided elsewhere");
    }
}

/// A packet: first byte, remaining length, and these parts.
pub fn packet(head: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut bytes = vec![head];
    let mut length = body.len();
    while length > 127 {
        bytes.push((length % 128 + 128) as u8);
        length /= 128;
    }
    bytes.push(length as u8);
    bytes.extend(body);
    bytes
}

/// A field: two bytes of length, and these bytes.
pub fn field(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length[..], bytes].concat()
}
