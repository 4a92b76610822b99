//! What is told of a running daemon, and of what it signs.

use super::{Map, load_in, mistakes};
use crate::{Door, Forecast};
use std::time::Duration;

const PATH: &str = "/etc/old.conf";

#[test]
fn the_forecast_is_on_by_itself_in_our_own_door_alone() {
    let typed = "-p inet:1@h -b v";
    assert_eq!(load_in(Door::Native, typed, &Map::default()).config.forecast, Forecast::Warn);
    for (word, want) in
        [("warn", Forecast::Warn), ("reject", Forecast::Reject), ("off", Forecast::Off)]
    {
        let native = format!("{typed} --forecast {word}");
        assert_eq!(load_in(Door::Native, &native, &Map::default()).config.forecast, want);
        for door in [Door::DkimFilter, Door::Opendkim] {
            let lines = "Socket inet:1@h\nMode v\n";
            let plain = Map::default().with(PATH, lines);
            let told = Map::default().with(PATH, &format!("{lines}Forecast {word}\n"));
            let of = |files: &Map| load_in(door, &format!("-x {PATH}"), files).config.forecast;
            assert_eq!((of(&plain), of(&told)), (Forecast::Off, want), "{door:?}");
        }
    }
}

#[test]
fn nothing_is_served_unless_a_socket_is_named_and_then_records_are_compared_each_hour() {
    let metrics = |more: &str| {
        load_in(Door::Native, &format!("-p inet:1@h -b v {more}"), &Map::default()).config.metrics
    };
    assert_eq!(metrics(""), None);
    assert_eq!(metrics("--metrics-dns-interval 5m"), None);
    let plain = metrics("--metrics-socket inet:9171").unwrap();
    assert_eq!(plain.socket.to_string(), "inet:9171@127.0.0.1");
    assert_eq!(plain.dns_interval, Some(Duration::from_secs(3600)));
    let never = metrics("--metrics-socket inet6:9171 --metrics-dns-interval 0s").unwrap();
    assert_eq!((never.socket.to_string().as_str(), never.dns_interval), ("inet6:9171@::1", None));
    let said = mistakes(
        "-p inet:1@h -b v --metrics-socket /run/x --metrics-dns-interval 5",
        &Map::default(),
    );
    assert_eq!(said.len(), 2, "{said:?}");
}
