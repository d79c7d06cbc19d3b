//! A TCP proxy that loses answers: the request reaches the server, the answer reaches nobody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What becomes of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Cut {
    /// It is passed on.
    Nothing,
    /// The server has answered; the connection is closed before a byte of it is passed on.
    Answer,
    /// The server has answered; the answer is kept and the connection stays open.
    Silence,
    /// So many bytes of the answer are passed on.
    After(usize),
}

/// A running proxy.
pub(crate) struct Cutter {
    cut: Arc<Mutex<Cut>>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Cutter {
    /// In front of a server on this machine.
    pub(crate) async fn before(server: &Url) -> Self {
        let upstream = server.socket_addrs(|| None).unwrap()[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Arc::new(Mutex::new(Cut::Nothing));
        let mode = Arc::clone(&cut);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cut = *mode.lock().unwrap();
                tokio::spawn(pass(client, upstream, cut));
            }
        });
        Self { cut, address, task }
    }

    /// What becomes of the answers on connections made from now on.
    pub(crate) fn set(&self, cut: Cut) {
        *self.cut.lock().unwrap() = cut;
    }

    /// The same address behind the proxy.
    pub(crate) fn in_place_of(&self, url: &Url) -> Url {
        let mut url = url.clone();
        url.set_port(Some(self.address.port())).unwrap();
        url
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut client: TcpStream, upstream: SocketAddr, cut: Cut) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    let keep = match cut {
        Cut::Nothing => return copy_bidirectional(&mut client, &mut server).await.map(drop),
        Cut::Answer | Cut::Silence => 0,
        Cut::After(bytes) => bytes,
    };
    let (mut asked, mut replied) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read? {
                0 => return Ok(()),
                read => server.write_all(&asked[..read]).await?,
            },
            read = server.read(&mut replied) => {
                let kept = read?.min(keep);
                client.write_all(&replied[..kept]).await?;
                break;
            }
        }
    }
    if matches!(cut, Cut::Silence) {
        // Until the client gives up.
        while client.read(&mut asked).await? > 0 {}
    }
    Ok(())
}
