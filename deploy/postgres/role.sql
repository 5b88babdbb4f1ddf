-- Run once by the postgres image, when the data folder is empty: the platform's own role, which is
-- no superuser, and the database it owns.
\getenv password DATABASE_PASSWORD
CREATE ROLE scheduler LOGIN PASSWORD :'password';
CREATE DATABASE scheduler OWNER scheduler;
