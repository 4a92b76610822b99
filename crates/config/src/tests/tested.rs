//! What a file of opendkim says of keys, for who tests them.

use super::Map;
use crate::{SigningDomain, TestedKeys};
use std::path::Path;

fn read(files: &Map) -> Result<TestedKeys, String> {
    TestedKeys::read(Path::new("/conf"), files).map_err(|mistakes| mistakes.to_string())
}

#[test]
fn the_rows_of_a_table_keep_their_order() {
    let table = "b a.example:s1:/k/b\na %:s2:/k/%/key\nc c.example:s3:AAAA\n";
    let files = Map::default().with("/conf", "KeyTable /table\nNameservers 127.0.0.1,::1\n");
    let keys = read(&files.with("/table", table)).unwrap();
    let rows = keys.table.unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["b", "a", "c"]);
    let file = |index: usize| rows[index].key.as_ref().map(|key| key.file.clone());
    assert_eq!(file(0).as_deref(), Some(Path::new("/k/b")));
    assert_eq!((rows[1].domain.clone(), file(1)), (SigningDomain::Sender, None));
    assert!(rows[2].key.as_ref().unwrap().inline.is_some());
    assert_eq!(keys.servers.len(), 2);
}

#[test]
fn a_single_key_needs_nothing_to_serve_with() {
    let files = Map::default().with("/conf", "Domain a.example\nSelector s\nKeyFile /k/key\n");
    let keys = read(&files).unwrap();
    assert_eq!(keys.domain.as_deref(), Some("a.example"));
    assert_eq!(keys.selector.unwrap().as_str(), "s");
    assert_eq!(keys.key.as_deref(), Some(Path::new("/k/key")));
    assert!(keys.table.is_none() && keys.servers.is_empty());
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let files = Map::default().with("/conf", "KeyTable /table\nBogus x\n").with("/table", "a b:c");
    let mistakes = read(&files).unwrap_err();
    assert!(mistakes.contains("/conf:2: "), "{mistakes}");
    assert!(mistakes.contains("/table:1: "), "{mistakes}");
    assert!(read(&Map::default()).unwrap_err().contains("/conf"));
}
