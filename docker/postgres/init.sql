-- Run once, when the data folder is empty, in the database POSTGRES_DB. Extensions are made for each database.
CREATE EXTENSION IF NOT EXISTS vector;
