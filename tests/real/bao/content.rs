//! What a real OpenBao holds and gives out: records, policies, tokens, leases on a PostgreSQL, quotas.

use super::super::postgres::Postgres;
use super::Bao;
use lanewatch::http::Method;
use lanewatch::manifest::OpenBaoAuth;
use serde_json::{Value, json};

impl Bao {
    /// A role whose tokens live `ttl` and have the policies, and the login for it.
    pub(crate) async fn approle(&self, policies: &[&str], ttl: &str) -> OpenBaoAuth {
        self.approle_renewable(policies, ttl, ttl).await
    }

    /// A role whose tokens live `ttl`, and when they are renewed `max_ttl` in all.
    pub(crate) async fn approle_renewable(
        &self,
        policies: &[&str],
        ttl: &str,
        max_ttl: &str,
    ) -> OpenBaoAuth {
        // Enabled already for the second role.
        self.send(Method::POST, "sys/auth/approle", json!({"type": "approle"}))
            .await;
        let role = json!({"token_policies": policies, "token_ttl": ttl, "token_max_ttl": max_ttl});
        self.ok(Method::POST, "auth/approle/role/lane", role).await;
        let role_id = self
            .ok(Method::GET, "auth/approle/role/lane/role-id", Value::Null)
            .await;
        let secret_id = self
            .ok(Method::POST, "auth/approle/role/lane/secret-id", json!({}))
            .await;
        OpenBaoAuth::AppRole {
            mount: "approle".into(),
            role_id: self.kept(role_id["data"]["role_id"].as_str().unwrap()),
            secret_id: self.kept(secret_id["data"]["secret_id"].as_str().unwrap()),
        }
    }

    /// A policy of that name.
    pub(crate) async fn policy(&self, name: &str, rules: &str) {
        let path = format!("sys/policies/acl/{name}");
        self.ok(Method::PUT, &path, json!({"policy": rules})).await;
    }

    /// A token with those policies.
    pub(crate) async fn token(&self, policies: &[&str], ttl: &str) -> String {
        let wanted = json!({"policies": policies, "ttl": ttl});
        let said = self.ok(Method::POST, "auth/token/create", wanted).await;
        said["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// Makes a token useless.
    pub(crate) async fn revoke_token(&self, token: &str) {
        self.ok(Method::POST, "auth/token/revoke", json!({"token": token}))
            .await;
    }

    /// How many tokens that roles gave are alive.
    pub(crate) async fn role_tokens(&self) -> usize {
        self.role_token_accessors().await.len()
    }

    /// Makes every token useless that a role gave.
    pub(crate) async fn revoke_role_tokens(&self) {
        for accessor in self.role_token_accessors().await {
            let body = json!({"accessor": accessor});
            self.ok(Method::POST, "auth/token/revoke-accessor", body)
                .await;
        }
    }

    async fn role_token_accessors(&self) -> Vec<Value> {
        let said = self
            .ok(Method::GET, "auth/token/accessors?list=true", Value::Null)
            .await;
        let mut found = Vec::new();
        for accessor in said["data"]["keys"].as_array().unwrap() {
            let body = json!({"accessor": accessor});
            // One that has just died is gone by the time it is looked up.
            let (_, about) = self
                .send(Method::POST, "auth/token/lookup-accessor", body)
                .await;
            if about["data"]["path"] == "auth/approle/login" {
                found.push(accessor.clone());
            }
        }
        found
    }

    /// Writes a record; answers its version.
    pub(crate) async fn kv_put(&self, path: &str, fields: Value) -> u64 {
        let path = format!("secret/data/{path}");
        let said = self.ok(Method::POST, &path, json!({"data": fields})).await;
        said["data"]["version"].as_u64().unwrap()
    }

    /// The fields of a record.
    pub(crate) async fn kv_get(&self, path: &str) -> Value {
        let path = format!("secret/data/{path}");
        self.ok(Method::GET, &path, Value::Null).await["data"]["data"].take()
    }

    /// Lets a record keep so many versions.
    pub(crate) async fn kv_keep(&self, path: &str, versions: u32) {
        let path = format!("secret/metadata/{path}");
        let wanted = json!({"max_versions": versions});
        self.ok(Method::POST, &path, wanted).await;
    }

    /// Every version of a record, and when it was written, in microseconds since the epoch.
    pub(crate) async fn kv_versions(&self, path: &str) -> Vec<(u64, i64)> {
        let path = format!("secret/metadata/{path}");
        let said = self.ok(Method::GET, &path, Value::Null).await;
        let versions = said["data"]["versions"].as_object().unwrap();
        let at = |about: &Value| {
            let text = about["created_time"].as_str().unwrap();
            let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
            at.timestamp_micros()
        };
        let all = versions.iter();
        all.map(|(version, about)| (version.parse().unwrap(), at(about)))
            .collect()
    }

    /// Deletes a record's newest version.
    pub(crate) async fn kv_delete(&self, path: &str) {
        let path = format!("secret/data/{path}");
        self.ok(Method::DELETE, &path, Value::Null).await;
    }

    /// Has it lease out roles of that database, at `database/creds/NAME` for each [`Self::role`].
    pub(crate) async fn leases_out(&self, database: &Postgres) {
        let engine = json!({"type": "database"});
        self.ok(Method::POST, "sys/mounts/database", engine).await;
        let (maker, password) = Postgres::MAKER;
        let config = json!({
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": "*",
            "connection_url": database.connection_url(),
            "username": maker,
            "password": password,
        });
        self.ok(Method::POST, "database/config/postgres", config)
            .await;
    }

    /// A role whose leases live `default_ttl`, and when they are renewed `max_ttl` in all.
    pub(crate) async fn role(&self, name: &str, default_ttl: &str, max_ttl: &str) {
        let role = json!({
            "db_name": "postgres",
            "creation_statements": [Postgres::CREATION],
            "revocation_statements": [Postgres::REVOCATION],
            "default_ttl": default_ttl,
            "max_ttl": max_ttl,
        });
        self.ok(Method::POST, &format!("database/roles/{name}"), role)
            .await;
    }

    /// A lease of that role, as it was answered: `lease_id`, `lease_duration`, `data.username`, ….
    pub(crate) async fn lease(&self, role: &str) -> Value {
        let path = format!("database/creds/{role}");
        self.ok(Method::GET, &path, Value::Null).await
    }

    /// The leases of that role that it knows of, by their ids.
    pub(crate) async fn leases(&self, role: &str) -> Vec<String> {
        let prefix = format!("database/creds/{role}/");
        let path = format!("sys/leases/lookup/{prefix}?list=true");
        let (status, said) = self.send(Method::GET, &path, Value::Null).await;
        assert!(matches!(status, 200 | 404), "{status} {said}");
        let keys = said["data"]["keys"].as_array().into_iter().flatten();
        keys.map(|key| format!("{prefix}{}", key.as_str().unwrap()))
            .collect()
    }

    /// Takes a lease back, and waits until its role is gone.
    pub(crate) async fn revoke_lease(&self, lease: &str) {
        let body = json!({"lease_id": lease, "sync": true});
        self.ok(Method::PUT, "sys/leases/revoke", body).await;
    }

    /// Allows so many requests a minute to `secret/`.
    pub(crate) async fn quota(&self, rate: u32) {
        self.quota_for(rate, "60s").await;
    }

    /// Allows so many requests an interval to `secret/`.
    pub(crate) async fn quota_for(&self, rate: u32, interval: &str) {
        let quota = json!({"path": "secret/", "rate": rate, "interval": interval});
        self.ok(Method::POST, "sys/quotas/rate-limit/test", quota)
            .await;
    }

    /// Allows any number of requests again.
    pub(crate) async fn lift_quota(&self) {
        let path = "sys/quotas/rate-limit/test";
        self.ok(Method::DELETE, path, Value::Null).await;
    }
}
