"""The dashboard: pages in a browser, drawn with Streamlit."""
