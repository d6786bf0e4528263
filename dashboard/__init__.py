"""The dashboard: pages in a browser, drawn with Streamlit."""

#: What all pages together are called.
PRODUCT = "Partner License Insights"
