"""Layout: scores of drawings, from their geometry alone, beside other layout engines."""
