"""The tab Doctor: examinations in the background, the verdict, probes, findings, and how much a judge wobbles."""
