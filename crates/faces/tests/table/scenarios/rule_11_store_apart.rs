//! Rule 11: the store is never accessed under a lock or in `poll`; a damaged store is an error.
use super::{
    face::{Client, Ended, Options, Publish, PublishError, QoS, run},
    support::{File, SOON, done, server, stored, unused_address},
};
use std::{env, fs, thread, time::Duration};

pub fn a_store_that_does_not_fit_is_an_error() {
    let server = server();
    let file = File::new();
    let options = |file| stored(server.addr(), file);
    let client = Client::connect(options(&file)).unwrap();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    done(client.publish(&publish).unwrap()).unwrap();
    client.disconnect(SOON).unwrap();
    drop(client);
    let fails = |options: Options| {
        let (client, driver) = Client::new(options).unwrap();
        let error = run(driver).join().unwrap_err();
        assert_eq!(client.connected(), Err(error.clone()));
        assert_eq!(client.disconnect(SOON), Err(error.clone()));
        match error {
            Ended::Store(why) => why,
            other => panic!("{other:?}"),
        }
    };
    // A file belongs to one client identifier.
    let why = fails(options(&file).client_id("other"));
    assert!(why.contains("client identifier"), "{why}");
    fails(options(&file).store(env::temp_dir()));
    let garbage = File::new();
    fs::write(garbage.path(), [7; 10_000]).unwrap();
    fails(options(&garbage));
    // A file that was cut off.
    let content = fs::read(file.path()).unwrap();
    fs::write(garbage.path(), &content[..20_000]).unwrap();
    fails(options(&garbage));
}

/// A call that waits for the disk ends with its driver, which is what writes.
pub fn what_waits_for_the_disk_ends_with_the_driver() {
    let file = File::new();
    let (client, driver) = Client::new(stored(unused_address(), &file)).unwrap();
    let publishing = thread::spawn(move || {
        let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
        client.publish(&publish).map(drop)
    });
    thread::sleep(Duration::from_millis(50));
    assert!(!publishing.is_finished(), "nothing was driven");
    drop(driver);
    let error = publishing.join().unwrap().unwrap_err();
    assert_eq!(error, PublishError::Ended(Ended::DriverStopped));
}
